"""An Airflow of the tests' own, and an emulator to load into.

Airflow reads its settings when it is imported, so they are in the environment before anything imports it. Nothing here
imports it: most tests need none.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.clevertap_connections import connection_json
from tests.support.migrated_airflow import migrate, migrated_database

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


#: Directories whose tests all use Airflow; what else does has the mark itself (tests/project/test_marks.py).
AIRFLOW_ROOMS = (
    "unit/connections/",
    "unit/task_runtime/",
    "unit/operators/",
    "integration/airflow/",
    "integration/examples/",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses Airflow, before tests are chosen by their marks."""
    for item in items:
        if item.path.relative_to(Path(__file__).parent).as_posix().startswith(AIRFLOW_ROOMS):
            item.add_marker("airflow")


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
            timeout=600,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def copy_airflow_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Put a migrated SQLite database of Airflow where one is wanted; it is made once for all workers of a run."""
    ours = tmp_path_factory.getbasetemp()
    made = migrated_database(ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours)

    def copy(to: Path) -> None:
        # As a backup, not as a file: something may have opened an empty database there already.
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)

    return copy


@pytest.fixture(scope="session")
def airflow_db(copy_airflow_database: Callable[[Path], None]) -> Path:
    """Return the home of an Airflow whose SQLite database is ready."""
    copy_airflow_database(Path(_HOME, "airflow.db"))
    return Path(_HOME)


def _is_fit(emulator: Any) -> bool:
    """Tell whether an emulator answers, and nothing that is in flight would arrive in the middle of another test."""
    try:
        socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2]))).close()
    except OSError:
        return False
    from tests.support.held_answers import requests_in_flight

    return not requests_in_flight(emulator)


@pytest.fixture(scope="session")
def _emulators() -> Iterator[Callable[[], Any]]:
    """Start an emulator, and start another one only where a test has left the last one unfit for the next."""
    from msgspec import to_builtins

    from airflow_provider_clevertap.emulator.settings import Settings
    from airflow_provider_clevertap.emulator.testing import RunningEmulator

    with ExitStack() as running:
        last: list[Any] = []

        def fresh() -> Any:
            if last and _is_fit(last[0]):
                last[0].change_settings(**to_builtins(Settings()))
                last[0].reset()
            else:
                last[:] = [
                    running.enter_context(RunningEmulator(account_id="TEST-ABC-12Z", passcode="WQX-SECRET-7731"))
                ]
            return last[0]

        yield fresh


@pytest.fixture
def emulator(_emulators: Callable[[], Any]) -> Any:
    """Return an emulator nothing has arrived at, with the settings it has by default."""
    return _emulators()


@pytest.fixture
def unused_port() -> Iterator[int]:
    """Reserve a port nobody listens on: it is bound, so that nobody else gets it, and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """Run a PostgreSQL server of the tests' own."""
    from tests.support.running_postgres import RunningPostgres, find_programs

    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed: run scripts/postgres-install")
    with RunningPostgres(programs) as running:
        yield running


@pytest.fixture(scope="session")
def migrated_on_postgres(postgres: Any) -> str:
    """Make a database of Airflow that others are copied from; return its name."""
    name = "airflow_migrated"
    postgres.execute(f"CREATE DATABASE {name}")
    migrate(Path(tempfile.mkdtemp(prefix="migrating-", dir=_HOME)), postgres.url(name))
    return name


@pytest.fixture
def scheduler_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a migrated database for an Airflow of a test's own."""
    from tests.support.running_scheduler import AIRFLOW_2

    if not AIRFLOW_2:
        request.getfixturevalue("copy_airflow_database")(tmp_path / "airflow.db")
        return f"sqlite:///{tmp_path}/airflow.db?timeout=120"  # a process that has the lock may get no time to go on
    template = request.getfixturevalue("migrated_on_postgres")  # Airflow 2 refuses LocalExecutor on SQLite
    server = request.getfixturevalue("postgres")
    name = f"airflow_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return str(server.url(name))


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
