"""A task that is told to stop settles what is in flight first: nothing is left unknown."""

from __future__ import annotations

import csv
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.hooks.interruption import run_interruptibly
from tests.support.paths import ROOT

LOG = logging.getLogger("test")

DRIVER = """
import sys
from datetime import datetime, timedelta

sys.path.insert(0, {root!r})
from tests.support.inline_dag import in_this_process
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

with DAG("interrupted_{name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
    CleverTapUploadProfilesOperator(
        task_id="load",
        source={source!r},
        columns={{"id": "identity"}},
        max_in_flight=2,
        artifacts_path={artifacts!r},
        execution_timeout={timeout},
    )
print("state", in_this_process(dag).state, flush=True)
"""


@pytest.fixture
def many_rows(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "plan"])
        writer.writerows((f"c-{number}", "gold") for number in range(100_000))
    return path


@pytest.fixture
def start(airflow_db: Path, connection: str, emulator: Any, many_rows: Path, tmp_path: Path) -> Iterator[Any]:
    """Start a task that takes some twenty seconds, in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(timeout: str = "None") -> subprocess.Popen[str]:
        emulator.change_settings(latency=0.4)
        driver = tmp_path / "driver.py"
        driver.write_text(
            DRIVER.format(
                root=str(ROOT),
                name=tmp_path.name,
                source=str(many_rows),
                artifacts=str(tmp_path / "left"),
                timeout=timeout,
            )
        )
        log = (tmp_path / "log").open("w")
        started.append(subprocess.Popen([sys.executable, str(driver)], stdout=log, stderr=log, text=True))
        return started[0]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(condition: Any, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def report_in(tmp_path: Path) -> Path:
    (report,) = (tmp_path / "left").rglob("report.json")
    return report


def summary_of(tmp_path: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(report_in(tmp_path).read_text())["summary"]
    return summary


def settled(summary: dict[str, Any], emulator: Any) -> None:
    """Check that the load knows of every request it made, and stopped long before its end."""
    stats = emulator.stats()
    assert stats["in_flight"] == 0
    assert summary["requests"] == stats["requests"]
    assert stats["requests_by_status"] == {"200": stats["requests"]}
    assert 0 < summary["accepted"] == stats["stored"]["profiles"] < 100_000
    assert summary["unconfirmed"] == 0


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.xdist_group("airflow")
def test_sigterm_settles_what_is_in_flight(start: Any, emulator: Any, tmp_path: Path) -> None:
    process = start()
    wait_for(lambda: emulator.stats()["accepted"] >= 20_000)
    asked = time.time()
    process.send_signal(signal.SIGTERM)
    process.wait(300)
    # Airflow 3 sends SIGKILL five seconds after SIGTERM when a task was cleared or marked in the UI.
    assert report_in(tmp_path).stat().st_mtime - asked < 5
    settled(summary_of(tmp_path), emulator)


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.xdist_group("airflow")
def test_execution_timeout_settles_what_is_in_flight(start: Any, emulator: Any, tmp_path: Path) -> None:
    process = start("timedelta(seconds=10)")
    process.wait(300)
    settled(summary_of(tmp_path), emulator)
    assert "AirflowTaskTimeout" in (tmp_path / "log").read_text()


class Interruption(BaseException):
    """Stands for what Airflow raises from a signal handler."""


class Work:
    def __init__(self, seconds_to_settle: float = 0.2) -> None:
        self.started, self.asked, self.settled = threading.Event(), threading.Event(), threading.Event()
        self.seconds_to_settle = seconds_to_settle

    def run(self) -> str:
        self.started.set()
        self.asked.wait(20)
        time.sleep(self.seconds_to_settle)
        self.settled.set()
        return "done"


@pytest.fixture
def alarm() -> Iterator[None]:
    def raise_interruption(*_: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGALRM, raise_interruption)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_results_and_errors_come_through() -> None:
    assert run_interruptibly(lambda: 7, lambda: None, patience=1, log=LOG) == 7
    with pytest.raises(ZeroDivisionError):
        run_interruptibly(lambda: 1 // 0, lambda: None, patience=1, log=LOG)


def test_an_interruption_waits_for_the_work_to_settle(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with pytest.raises(Interruption):
        run_interruptibly(work.run, work.asked.set, patience=10, log=LOG)
    assert work.settled.is_set()
    assert "did not stop in time" not in caplog.text


def test_work_that_will_not_end_is_left_behind(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    work = Work(seconds_to_settle=5)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    began = time.monotonic()
    with pytest.raises(Interruption):
        run_interruptibly(work.run, work.asked.set, patience=0.3, log=LOG)
    assert time.monotonic() - began < 3
    assert "did not stop in time" in caplog.text


def test_a_kill_before_the_task_began_is_not_forgotten(connection: str, emulator: Any, many_rows: Path) -> None:
    from airflow_provider_clevertap.exceptions import LoadStoppedError
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
    from airflow_provider_clevertap.hooks.upload import Upload
    from airflow_provider_clevertap.loading.kinds import PROFILES

    upload = Upload(PROFILES, connection, CleverTapHook(connection).settings, LOG)
    upload.stop()
    with pytest.raises(LoadStoppedError):
        upload.run(str(many_rows), {"columns": {"id": "identity"}})
    assert emulator.profiles() == []


def test_a_stop_ends_the_generator_that_makes_the_rows(connection: str, emulator: Any) -> None:
    import pandas as pd

    from airflow_provider_clevertap.exceptions import LoadStoppedError
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
    from airflow_provider_clevertap.hooks.upload import Upload
    from airflow_provider_clevertap.loading.kinds import PROFILES

    upload = Upload(PROFILES, connection, CleverTapHook(connection).settings, LOG)
    threads: list[int] = []

    def frames() -> Iterator[pd.DataFrame]:
        try:
            for number in range(100):
                threads.append(threading.get_ident())
                if number == 3:
                    upload.stop()
                yield pd.DataFrame({"id": [f"c-{number}-{row}" for row in range(1_000)]})
        finally:
            threads.append(threading.get_ident())

    with pytest.raises(LoadStoppedError):
        upload.run(frames(), {"columns": {"id": "identity"}})
    assert len(threads) == 5
    assert len(set(threads)) == 1
    assert upload.summary is not None
    assert upload.summary["accepted"] == len(emulator.profiles()) <= 3_000
