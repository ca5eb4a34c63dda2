"""Forty files over a pool and two workers, one of which is lost in the middle: nothing is lost with it.

Nothing of it is simulated but CleverTap. Run it with ``make test-cluster``; it prints what it has found.
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
from tests.system.cluster.accounting import Load, accounts, arrived, faults
from tests.system.cluster.cluster_table import show
from tests.system.cluster.forty_files import DAG_ID, IN_FLIGHT, POOL, SLOTS, write_dag, write_files
from tests.system.cluster.lost_worker import lose_one_in_the_middle, what_became_of
from tests.system.cluster.running_cluster import RunningCluster
from tests.system.cluster.running_redis import RunningRedis

WORKERS = ("north", "south")
CONCURRENCY = 4
#: Seconds CleverTap takes for an answer; a load takes seven of them.
LATENCY = 0.8


@pytest.fixture
def place() -> Path:
    """Give the directory for everything; it is left there until the next run, for who looks for a cause."""
    from scripts.local_airflow import fresh_directory, stop_on_sigterm

    stop_on_sigterm()
    return fresh_directory("test-cluster")


@pytest.fixture
def broker() -> Iterator[str]:
    from scripts.local_airflow import free_port

    if importlib.util.find_spec("airflow.providers.celery") is None:
        pytest.skip("there is no CeleryExecutor: pip install 'airflow-provider-clevertap[cluster]'")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis server is installed: run scripts/redis-install")
    with RunningRedis(program, free_port()) as running:
        yield running.url


@pytest.fixture
def clevertap(place: Path) -> Iterator[Any]:
    from airflow_provider_clevertap.emulator.testing import RunningEmulator

    with RunningEmulator(database=str(place / "clevertap.sqlite"), max_in_flight=SLOTS, latency=LATENCY) as running:
        yield running


@pytest.fixture
def cluster(place: Path, postgres: Any, broker: str, clevertap: Any) -> Iterator[RunningCluster]:
    from scripts.local_airflow import connection_to

    home = place / "airflow"
    postgres.execute("CREATE DATABASE cluster")
    running = RunningCluster(
        home,
        f"postgresql+psycopg2://{postgres.user}:{postgres.password}@127.0.0.1:{postgres.port}/cluster",
        broker,
        WORKERS,
        CONCURRENCY,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=json.dumps(connection_to(clevertap.url)),
    )
    write_dag(home / "dags", write_files(place / "files"), place / "left")
    running.run(
        ["db", "migrate"], ["pools", "set", POOL, str(SLOTS), "uploads of one account"], ["dags", "reserialize"]
    )
    with running:
        yield running


@pytest.mark.cluster
@pytest.mark.slow
def test_a_worker_is_lost_in_the_middle(cluster: RunningCluster, clevertap: Any, place: Path) -> None:
    started = time.monotonic()
    cluster.run(["dags", "trigger", DAG_ID])
    lost = lose_one_in_the_middle(cluster)
    end = time.monotonic() + TIMEOUT
    while cluster.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
        assert time.monotonic() < end, cluster.logs()
        time.sleep(0.5)
    seconds = time.monotonic() - started
    stats = clevertap.stats()
    found = accounts(_summaries(cluster), arrived(place / "clevertap.sqlite"))
    wrong = [*faults(found, set(lost.loads)), *what_became_of(lost, found, cluster), *_too_many_at_once(stats)]
    show(cluster, lost, found, stats, seconds)
    assert not wrong, "\n".join(wrong)


def _summaries(cluster: RunningCluster) -> dict[Load, dict[str, Any]]:
    """Give what the loads returned, by load."""
    rows = cluster.query("SELECT task_id, map_index, value FROM xcom WHERE key = 'return_value'")
    return {(task, number): value for task, number, value in rows}


def _too_many_at_once(stats: dict[str, Any]) -> Iterator[str]:
    """Say whether the loads together have asked for more than the account is allowed."""
    refused = stats["requests_by_status"].get("429", 0)
    if refused:
        yield f"{refused} requests were refused, as {SLOTS} were in flight"
    if not IN_FLIGHT < stats["peak_in_flight"] <= SLOTS:
        yield f"{stats['peak_in_flight']} requests were in flight at once"
