"""Loads by this package, as an operator or the hook runs them."""

from __future__ import annotations

import importlib
import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data import DATASETS

#: Uploads to the server at a URL; returns its own counts of the rows.
Upload = Callable[[str], dict[str, Any]]
#: Does what is not measured: imports, and reading data that is held in memory anyway. Returns the upload.
Prepare = Callable[[Path, "LoadSettings"], Upload]

ACCOUNT = ("BENCHMARK", "BENCHMARK")


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """The settings of a contender, apart from its file.

    :param dataset: the data in the file.
    :param in_flight: the maximum of requests in flight, for contenders that can have more than one.
    :param artifacts: with a rejects file and a report.
    :param checkpoint: with a checkpoint in a file, as in an Airflow task.
    :param log: with a log file, so that progress is written.
    :param gzip: with compressed requests.
    """

    dataset: str
    in_flight: int
    artifacts: bool = True
    checkpoint: bool = True
    log: bool = False
    gzip: bool = False


def load_file(path: Path, settings: LoadSettings) -> Upload:
    """Load a file."""
    return _load(str(path), settings)


def load_file_in_task(path: Path, settings: LoadSettings) -> Upload:
    """Load a file in a process that has imported what a task's process has before its operator runs."""
    import_task_runtime()

    def upload(url: str) -> dict[str, Any]:
        return load_file(path, settings)(url)

    return upload


def import_task_runtime() -> None:
    """Import what Airflow imports to run a task, and what a DAG file of this package does."""
    import airflow

    if airflow.__version__.startswith("2."):
        modules = ["airflow.cli.commands.task_command", "airflow.jobs.local_task_job_runner"]
    else:
        modules = ["airflow.sdk.execution_time.supervisor", "airflow.sdk.execution_time.task_runner"]
    modules += ["airflow_provider_clevertap.operators.profiles", "airflow_provider_clevertap.hooks.clevertap"]
    for module in modules:
        importlib.import_module(module)


def load_frame(path: Path, settings: LoadSettings) -> Upload:
    """Load a pandas DataFrame with typed columns."""
    import pandas as pd

    return _load(pd.read_parquet(path), settings)


def _load(source: Any, settings: LoadSettings) -> Upload:
    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
    from airflow_provider_clevertap.loading.load import Load, LoadOptions
    from airflow_provider_clevertap.loading.sources.open import open_source

    dataset = DATASETS[settings.dataset]
    opened = open_source(source, messages=dataset.spec is not None)
    kind, columns = dataset.load_as()
    # httpx imports most of its modules with the first client.
    CleverTapClient(*ACCOUNT, "http://127.0.0.1").close()

    def upload(url: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as directory:
            options = LoadOptions(
                columns=columns,
                spec=dataset.spec,
                max_rejects="100%",
                max_in_flight=settings.in_flight,
                rejects_path=Path(directory, "rejects.csv") if settings.artifacts else None,
                report_path=Path(directory, "report.json") if settings.artifacts else None,
            )
            if settings.log:
                logging.basicConfig(filename=Path(directory, "task.log"), level=logging.INFO)
            with CleverTapClient(*ACCOUNT, url, max_in_flight=settings.in_flight, gzip=settings.gzip) as client:
                store = FileCheckpointStore(Path(directory, "checkpoint")) if settings.checkpoint else None
                return Load(kind, opened, client, options, store=store).run().to_dict()

    return upload
