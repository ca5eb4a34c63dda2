"""Forty files over a pool and two workers, of which one is killed in the middle: no row is lost.

Only CleverTap is simulated. Run it with ``make test-cluster``; it prints tables of the results.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_scheduler import TIMEOUT
from tests.system.cluster.accounting import Load, accounts, errors, read_received
from tests.system.cluster.cluster_table import show
from tests.system.cluster.forty_files import DAG_ID, IN_FLIGHT, POOL, SLOTS, write_dag, write_files
from tests.system.cluster.lost_worker import errors_after, kill_one_in_the_middle
from tests.system.cluster.running_cluster import RunningCluster
from tests.system.cluster.running_redis import RunningRedis

WORKERS = ("north", "south")
CONCURRENCY = 4
#: Seconds before each answer of CleverTap; a load waits for seven answers.
LATENCY = 0.8


@pytest.fixture
def directory() -> Path:
    """Return the directory for all files. It is kept until the next run, to find the cause of a failure."""
    from scripts.local_airflow import fresh_directory, stop_on_sigterm

    stop_on_sigterm()
    return fresh_directory("test-cluster")


@pytest.fixture
def broker() -> Iterator[str]:
    from scripts.local_airflow import free_port

    if importlib.util.find_spec("airflow.providers.celery") is None:
        pytest.skip("CeleryExecutor is not installed: make test-cluster installs it")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis server is installed: run scripts/redis-install")
    with RunningRedis(program, free_port()) as running:
        yield running.url


@pytest.fixture
def clevertap(directory: Path) -> Iterator[Any]:
    from airflow_provider_clevertap.emulator.testing import RunningEmulator

    with RunningEmulator(database=str(directory / "clevertap.sqlite"), max_in_flight=SLOTS, latency=LATENCY) as running:
        yield running


@pytest.fixture
def cluster(directory: Path, postgres: Any, broker: str, clevertap: Any) -> Iterator[RunningCluster]:
    from scripts.local_airflow import connection_to

    home = directory / "airflow"
    postgres.execute("CREATE DATABASE cluster")
    running = RunningCluster(
        home,
        f"postgresql+psycopg2://{postgres.user}:{postgres.password}@127.0.0.1:{postgres.port}/cluster",
        broker,
        WORKERS,
        CONCURRENCY,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=json.dumps(connection_to(clevertap.url)),
    )
    write_dag(home / "dags", write_files(directory / "files"), directory / "left")
    running.run(
        ["db", "migrate"], ["pools", "set", POOL, str(SLOTS), "uploads of one account"], ["dags", "reserialize"]
    )
    with running:
        yield running


@pytest.mark.cluster
@pytest.mark.slow
def test_a_worker_is_lost_in_the_middle(cluster: RunningCluster, clevertap: Any, directory: Path) -> None:
    started = time.monotonic()
    cluster.run(["dags", "trigger", DAG_ID])
    lost = kill_one_in_the_middle(cluster)
    deadline = time.monotonic() + TIMEOUT
    while cluster.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
        assert time.monotonic() < deadline, cluster.logs()
        time.sleep(0.5)
    seconds = time.monotonic() - started
    stats = clevertap.stats()
    found = accounts(_summaries(cluster), read_received(directory / "clevertap.sqlite"))
    wrong = [*errors(found, set(lost.loads)), *errors_after(lost, found, cluster), *_errors_of_concurrency(stats)]
    show(cluster, lost, found, stats, seconds)
    assert not wrong, "\n".join(wrong)


def _summaries(cluster: RunningCluster) -> dict[Load, dict[str, Any]]:
    """Return the summaries, by load."""
    rows = cluster.query("SELECT task_id, map_index, value FROM xcom WHERE key = 'return_value'")
    return {(task, number): value for task, number, value in rows}


def _errors_of_concurrency(stats: dict[str, Any]) -> Iterator[str]:
    """Yield a message if the loads together exceeded the account's limit, or did not run in parallel."""
    rejected = stats["requests_by_status"].get("429", 0)
    if rejected:
        yield f"{rejected} requests were rejected, as {SLOTS} were in flight"
    if not IN_FLIGHT < stats["peak_in_flight"] <= SLOTS:
        yield f"{stats['peak_in_flight']} requests were in flight at the peak"
