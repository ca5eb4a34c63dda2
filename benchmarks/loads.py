"""This package's loads, as an operator or the hook runs them."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data import DATASETS
from benchmarks.data.people import EXTRA_COLUMNS

#: Uploads to the server at a URL, and gives what it knows of the outcome.
Upload = Callable[[str], dict[str, Any]]
#: Imports what is needed, reads what is held in memory anyway, and gives the upload.
Prepare = Callable[[Path, "Circumstances"], Upload]

ACCOUNT = ("BENCHMARK", "BENCHMARK")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a contender is told besides its file.

    :param dataset: what is in the file.
    :param in_flight: the most requests at a time, for those that can have more than one.
    :param artifacts: with a rejects file and a report.
    :param checkpoint: with a checkpoint in a file, as a task has.
    :param log: with a log file, so that progress is written.
    :param gzip: with compressed requests.
    """

    dataset: str
    in_flight: int
    artifacts: bool = True
    checkpoint: bool = True
    log: bool = False
    gzip: bool = False


def load_file(path: Path, told: Circumstances) -> Upload:
    """Load a file."""
    return _load(str(path), told)


def load_frame(path: Path, told: Circumstances) -> Upload:
    """Load a pandas DataFrame with typed columns."""
    import pandas as pd

    return _load(pd.read_parquet(path), told)


def _load(source: Any, told: Circumstances) -> Upload:
    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
    from airflow_provider_clevertap.loading.load import Load, LoadOptions
    from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, PROFILES, events
    from airflow_provider_clevertap.loading.sources.open import open_source

    opened = open_source(source)
    kind = {
        "profile": lambda: PROFILES,
        "token": lambda: DEVICE_TOKENS,
        "event": lambda: events(**(_of_orders() if told.dataset == "order-lines" else {})),
    }[DATASETS[told.dataset].record_type]()
    columns = _columns(told.dataset)
    # httpx imports its inside with the first client
    CleverTapClient(*ACCOUNT, "http://127.0.0.1").close()

    def upload(url: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as directory:
            options = LoadOptions(
                columns=columns,
                max_rejects="100%",
                max_in_flight=told.in_flight,
                rejects_path=Path(directory, "rejects.csv") if told.artifacts else None,
                report_path=Path(directory, "report.json") if told.artifacts else None,
            )
            if told.log:
                logging.basicConfig(filename=Path(directory, "task.log"), level=logging.INFO)
            with CleverTapClient(*ACCOUNT, url, max_in_flight=told.in_flight, gzip=told.gzip) as client:
                store = FileCheckpointStore(Path(directory, "checkpoint")) if told.checkpoint else None
                return Load(kind, opened, client, options, store=store).run().to_dict()

    return upload


def _columns(dataset: str) -> Mapping[str, Any]:
    from airflow_provider_clevertap.columns import Column

    if dataset == "events":
        return {
            "customer_id": "identity",
            "event": "evtName",
            "occurred_at": "ts",
            "price": Column("Price", type="float"),
            "quantity": Column("Quantity", type="integer"),
            "signed_in": Column("Signed in", type="boolean"),
        }
    if dataset == "order-lines":
        return {
            "order_id": "Charged ID",
            "customer_id": "identity",
            "paid_at": "ts",
            "total": Column("Amount", type="float"),
        }
    if dataset == "devices":
        return {"device_id": "objectId", "push_token": "token", "platform": "type"}
    declared = {
        "Loyalty Points": Column(type="integer"),
        "Lifetime Value": Column(type="float"),
        "Joined On": Column(type="date"),
    }
    if dataset == "people-wide":
        declared |= {f"Answer {number}": Column(type="integer") for number in range(4, EXTRA_COLUMNS + 1, 4)}
        declared |= {f"Answer {number}": Column(type="float") for number in range(2, EXTRA_COLUMNS + 1, 4)}
    return declared


def _of_orders() -> dict[str, Any]:
    from airflow_provider_clevertap.columns import Column

    return {
        "group_by": "order_id",
        "items": {
            "line": "line",
            "sku": "SKU",
            "category": "Category",
            "unit_price": Column("Price", type="float"),
            "quantity": Column("Quantity", type="integer"),
        },
    }
