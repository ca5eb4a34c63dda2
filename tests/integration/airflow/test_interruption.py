"""A task that is told to stop settles what is in flight first: nothing is left unknown."""

from __future__ import annotations

import csv
import json
import logging
import os
import re
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

ROWS = 150_000
#: Requests that are answered at once; each of the 140 others takes a second, two at a time.
AT_ONCE = 10

DRIVER = """
import sys
import time
from datetime import datetime, timedelta

sys.path.insert(0, {root!r})
from tests.support.inline_dag import in_this_process
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.hooks.upload import Upload
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator


def watched(what, method):
    def call(*arguments, **options):
        if what == "asked":
            print("at", what, time.process_time(), flush=True)
        try:
            return method(*arguments, **options)
        finally:
            if what == "ended":
                print("at", what, time.process_time(), flush=True)

    return call


Upload.stop = watched("asked", Upload.stop)
Upload.run = watched("ended", Upload.run)

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
        writer.writerows((f"c-{number}", "gold") for number in range(ROWS))
    return path


@pytest.fixture
def start(airflow_db: Path, connection: str, emulator: Any, many_rows: Path, tmp_path: Path) -> Iterator[Any]:
    """Start a task that would take more than a minute, in a process of its own; return when it is in the middle."""
    started: list[subprocess.Popen[str]] = []

    def start(timeout: str = "None") -> subprocess.Popen[str]:
        emulator.inject({"do": "delay", "seconds": 1, "skip": AT_ONCE})
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
        with (tmp_path / "log").open("w") as log:
            started.append(subprocess.Popen([sys.executable, str(driver)], stdout=log, stderr=log, text=True))
        wait_for_rows(started[0], tmp_path)
        return started[0]

    def wait_for_rows(process: subprocess.Popen[str], place: Path) -> None:
        end = time.monotonic() + 300
        while emulator.stats()["accepted"] < AT_ONCE * 1_000:
            assert process.poll() is None, (place / "log").read_text()
            assert time.monotonic() < end, (place / "log").read_text()
            time.sleep(0.05)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


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
    assert 0 < summary["accepted"] == stats["stored"]["profiles"] < ROWS
    assert summary["unconfirmed"] == 0


@pytest.mark.airflow
@pytest.mark.slow
def test_sigterm_settles_what_is_in_flight(start: Any, emulator: Any, tmp_path: Path) -> None:
    process = start()
    process.send_signal(signal.SIGTERM)
    process.wait(300)
    settled(summary_of(tmp_path), emulator)
    # Airflow 3 sends SIGKILL five seconds after SIGTERM when a task was cleared or marked in the UI. The answers in
    # flight take one of them. What the rest takes is measured in seconds of a core: how many a busy machine grants the
    # process says nothing of it.
    log = (tmp_path / "log").read_text()
    asked, ended = (float(re.findall(rf"^at {what} (\S+)$", log, re.MULTILINE)[0]) for what in ("asked", "ended"))
    assert ended - asked < 3


@pytest.mark.airflow
@pytest.mark.slow
def test_execution_timeout_settles_what_is_in_flight(start: Any, emulator: Any, tmp_path: Path) -> None:
    process = start("timedelta(hours=1)")
    process.send_signal(signal.SIGALRM)  # as the timer does with which Airflow counts the hour
    process.wait(300)
    settled(summary_of(tmp_path), emulator)
    assert "AirflowTaskTimeout" in (tmp_path / "log").read_text()


class Interruption(BaseException):
    """Stands for what Airflow raises from a signal handler."""


class Work:
    """Work that is interrupted as soon as it has begun."""

    def __init__(self, ends: bool = True) -> None:
        self.asked, self.settled, self.left = threading.Event(), threading.Event(), threading.Event()
        self.ends = ends

    def run(self) -> str:
        os.kill(os.getpid(), signal.SIGALRM)
        self.asked.wait(60)
        if self.ends:
            time.sleep(0.2)
        else:
            self.left.wait(60)
        self.settled.set()
        return "done"


@pytest.fixture
def alarm() -> Iterator[None]:
    def raise_interruption(*_: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGALRM, raise_interruption)
    yield
    signal.signal(signal.SIGALRM, before)


def test_results_and_errors_come_through() -> None:
    assert run_interruptibly(lambda: 7, lambda: None, patience=1, log=LOG) == 7
    with pytest.raises(ZeroDivisionError):
        run_interruptibly(lambda: 1 // 0, lambda: None, patience=1, log=LOG)


def test_an_interruption_waits_for_the_work_to_settle(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    with pytest.raises(Interruption):
        run_interruptibly(work.run, work.asked.set, patience=60, log=LOG)
    assert work.settled.is_set()
    assert "did not stop in time" not in caplog.text


def test_work_that_will_not_end_is_left_behind(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    work = Work(ends=False)
    with pytest.raises(Interruption):
        run_interruptibly(work.run, work.asked.set, patience=0.3, log=LOG)
    assert not work.settled.is_set()
    assert "did not stop in time" in caplog.text
    work.left.set()


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
