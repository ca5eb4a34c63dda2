"""An Airflow of the tests' own, and an emulator to load into.

Airflow reads its settings when it is imported, so they are in the environment before anything imports it. Nothing here
imports it: most tests need none.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.clevertap_connections import connection_json

_HOME = tempfile.mkdtemp(prefix="airflow-tests-")
_DAGS = Path(_HOME, "dags")
_DAGS.mkdir()
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__DAGS_FOLDER=str(_DAGS),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__CORE__TEST_CONNECTION="Enabled",
    AIRFLOW__LOGGING__LOGGING_LEVEL="INFO",
)
for name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
    del os.environ[name]


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture
def airflow_home() -> Path:
    return Path(_HOME)


@pytest.fixture
def run_airflow() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one ``airflow`` command in a process of its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "airflow", *arguments],
            env={**os.environ, "COLUMNS": "400", **environment},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def airflow_db() -> Path:
    """Give the home of an Airflow whose SQLite database is ready."""
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(_HOME)


@pytest.fixture
def emulator() -> Iterator[Any]:
    from airflow_provider_clevertap.emulator.running import RunningEmulator

    with RunningEmulator(account_id="TEST-ABC-12Z", passcode="WQX-SECRET-7731") as running:
        yield running


@pytest.fixture
def unused_port() -> int:
    """Give a port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """Run a PostgreSQL server of the tests' own."""
    from tests.support.running_postgres import RunningPostgres, find_programs

    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed: run scripts/postgres-install")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with RunningPostgres(programs, port) as running:
        yield running


@pytest.fixture
def scheduler_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database for an Airflow of a test's own."""
    from tests.support.running_scheduler import AIRFLOW_2

    if not AIRFLOW_2:
        return f"sqlite:///{tmp_path}/airflow.db"
    server = request.getfixturevalue("postgres")  # Airflow 2 refuses LocalExecutor on SQLite
    name = f"airflow_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg2://{server.user}:{server.password}@127.0.0.1:{server.port}/{name}"


@pytest.fixture
def connection(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the default connection lead to the emulator; give its id."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_CLEVERTAP_DEFAULT",
        connection_json(login=emulator.account_id, password=emulator.passcode, host=emulator.url),
    )
    return "clevertap_default"


@pytest.fixture
def run_dag(airflow_db: Path) -> Callable[..., Any]:
    """Run a DAG from its first task to its last in this process; give the DAG run."""

    from tests.support.inline_dag import in_this_process

    return in_this_process


@pytest.fixture
def returned() -> Callable[[Any, str], Any]:
    """Give what a task of a DAG run has in XCom as its return value."""

    def find(dag_run: Any, task_id: str) -> Any:
        wanted = {"run_id": dag_run.run_id, "key": "return_value"}
        try:
            from airflow.models.xcom import XComModel
        except ImportError:  # Airflow 2
            from airflow.models.xcom import XCom

            return XCom.get_one(dag_id=dag_run.dag_id, task_id=task_id, **wanted)
        from airflow.utils.session import create_session

        with create_session() as session:
            found = session.scalars(XComModel.get_many(dag_ids=dag_run.dag_id, task_ids=task_id, **wanted)).first()
            return None if found is None else XComModel.deserialize_value(found)

    return find
