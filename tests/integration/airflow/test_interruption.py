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
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.task_runtime.interruption import InterruptionListener, run_interruptibly
from tests.support.held_answers import held_answers
from tests.support.http_requests import wait_until
from tests.support.paths import ROOT

LOG = logging.getLogger("test")

ROWS = 150_000
#: Requests that are answered at once; each of the 140 others takes a second, two at a time.
AT_ONCE = 10

#: A signal of no other use, whose handler Python calls after those of all others that have come by then. It is sent
#: again until it is heard: one that comes on the heels of another may be taken by a thread, and the main one sleeps on.
MARK = signal.SIGRTMIN

DRIVER = """
import os
import signal
import sys
import time
from datetime import datetime, timedelta

sys.path.insert(0, {root!r})
from tests.support.inline_dag import in_this_process
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.task_runtime.task_load import TaskLoad
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

signal.signal({mark}, lambda *_: print("marked", flush=True))


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


TaskLoad.stop = watched("asked", TaskLoad.stop)
TaskLoad.run = watched("ended", TaskLoad.run)


def save_interrupted(checkpoint, method=Checkpoint.save_interrupted):
    method(checkpoint)
    lanes = checkpoint.state.lanes.values()
    doubtful = sum(len(lane.claimed.without(lane.settled)) for lane in lanes)
    print("saved", checkpoint.saved, "in doubt", doubtful, flush=True)


Checkpoint.save_interrupted = save_interrupted

with DAG("interrupted_{name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
    CleverTapUploadProfilesOperator(
        task_id="load",
        source={source!r},
        columns={{"id": "identity"}},
        max_in_flight=2,
        artifacts_path={artifacts!r},
        execution_timeout={timeout},
    )
try:
    print("state", in_this_process(dag).state, flush=True)
finally:
    os._exit(0)  # as Airflow ends the process of a task: nobody waits for threads
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

    def start(timeout: str = "None", *, held: bool = False) -> subprocess.Popen[str]:
        if not held:
            emulator.inject({"do": "delay", "seconds": 1, "skip": AT_ONCE})
        driver = tmp_path / "driver.py"
        driver.write_text(
            DRIVER.format(
                root=str(ROOT),
                name=tmp_path.name,
                source=str(many_rows),
                artifacts=str(tmp_path / "left"),
                timeout=timeout,
                mark=int(MARK),
            )
        )
        with (tmp_path / "log").open("w") as log:
            started.append(subprocess.Popen([sys.executable, str(driver)], stdout=log, stderr=log, text=True))
        if held:
            wait_for(lambda: emulator.stats()["in_flight"] == 2, started[0])
        else:
            wait_for(lambda: emulator.stats()["accepted"] >= AT_ONCE * 1_000, started[0])
        return started[0]

    def wait_for(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + 300
        while not holds():
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < end, (tmp_path / "log").read_text()
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


def is_heard(process: subprocess.Popen[str], place: Path) -> bool:
    """Tell whether a process has heard all signals that were sent to it before, or has ended of them."""
    if process.poll() is not None or "marked" in (place / "log").read_text():
        return True
    process.send_signal(MARK)
    return False


#: On Airflow 3 a SIGTERM alone raises nothing; the others do on both lines.
PAIRS = [("SIGTERM", "SIGTERM"), ("SIGTERM", "SIGALRM"), ("SIGALRM", "SIGTERM"), ("SIGALRM", "SIGINT")]


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_a_second_interruption_changes_nothing(
    start: Any, emulator: Any, tmp_path: Path, pair: tuple[str, str]
) -> None:
    let_go = threading.Event()

    def said(text: str) -> bool:
        return text in (tmp_path / "log").read_text()

    with held_answers(emulator, lambda _: let_go.is_set()):
        try:
            process = start("timedelta(hours=1)", held=True)
            for name in pair:
                process.send_signal(getattr(signal, name))
                wait_until(lambda: said("at asked") or process.poll() is not None, "the load is asked to stop")
            wait_until(lambda: is_heard(process, tmp_path), "both are heard")
        finally:
            let_go.set()
        process.wait(300)
    log = (tmp_path / "log").read_text()
    assert "saved True in doubt 0" in log, log
    settled(summary_of(tmp_path), emulator)
    assert log.count("did not stop in time") == 0


@pytest.mark.airflow
@pytest.mark.slow
def test_any_number_of_interruptions_changes_nothing(start: Any, emulator: Any, tmp_path: Path) -> None:
    let_go = threading.Event()
    with held_answers(emulator, lambda _: let_go.is_set()):
        try:
            process = start("timedelta(hours=1)", held=True)
            for number in range(300):
                process.send_signal((signal.SIGALRM, signal.SIGTERM, signal.SIGINT)[number % 3])
            wait_until(lambda: is_heard(process, tmp_path), "all are heard")
        finally:
            let_go.set()
        process.wait(300)
    log = (tmp_path / "log").read_text()
    assert "saved True in doubt 0" in log, log
    settled(summary_of(tmp_path), emulator)


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
    assert run_interruptibly(lambda: 7, lambda: None, shutdown_timeout=1, log=LOG) == 7
    with pytest.raises(ZeroDivisionError):
        run_interruptibly(lambda: 1 // 0, lambda: None, shutdown_timeout=1, log=LOG)


def test_an_interruption_waits_for_the_work_to_settle(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    with pytest.raises(Interruption):
        run_interruptibly(work.run, work.asked.set, shutdown_timeout=60, log=LOG)
    assert work.settled.is_set()
    assert "did not stop in time" not in caplog.text


def test_more_interruptions_wait_as_well(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asked, settled, heard, over, ended = (threading.Event() for _ in range(5))
    before = signal.signal(MARK, lambda *_: heard.set())

    def work() -> None:
        for _ in range(20):
            if not over.is_set():
                os.kill(os.getpid(), signal.SIGALRM)
            heard.clear()
            while not heard.wait(0.01):
                os.kill(os.getpid(), MARK)
        asked.wait(300)
        if not over.is_set():
            settled.set()
        ended.set()

    ours = signal.getsignal(signal.SIGALRM)
    try:
        with pytest.raises(Interruption):
            run_interruptibly(work, asked.set, shutdown_timeout=300, log=LOG)
    finally:
        over.set()
        while not ended.is_set():  # no signal is to come once this test is over
            with suppress(Interruption):
                asked.set()
                ended.wait(1)
        signal.signal(MARK, before)
    assert settled.is_set()
    assert "did not stop in time" not in caplog.text
    assert "these signals were ignored: SIGALRM" in caplog.text
    assert signal.getsignal(signal.SIGALRM) == ours


def test_a_signal_that_comes_while_it_is_heard_waits_for_no_lock(caplog: pytest.LogCaptureFixture) -> None:
    lock, begun, heard = threading.Lock(), threading.Event(), []

    def on_kill(*_: object) -> None:  # as that of an operator on Airflow 3: it takes a lock and raises nothing
        assert lock.acquire(timeout=60), "it waits for itself"
        heard.append(1)
        if len(heard) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        lock.release()

    def work() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        assert begun.wait(300)
        return "done"

    before = signal.signal(signal.SIGTERM, on_kill)
    try:
        assert run_interruptibly(work, begun.set, shutdown_timeout=300, log=LOG) == "done"
        assert signal.getsignal(signal.SIGTERM) == on_kill
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [1]


def test_a_sigterm_that_raises_nothing_stops_the_work() -> None:
    asked = threading.Event()

    def work() -> bool:  # as a load of the hook on Airflow 3: the task's operator knows nothing of it
        os.kill(os.getpid(), signal.SIGTERM)
        return asked.wait(300)

    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        assert run_interruptibly(work, asked.set, shutdown_timeout=300, log=LOG)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_handler_set_meanwhile_stays() -> None:
    def other(*_: object) -> None:
        pass

    with InterruptionListener(lambda: None, LOG):
        before = signal.signal(signal.SIGHUP, other)
    try:
        assert signal.getsignal(signal.SIGHUP) == other
    finally:
        signal.signal(signal.SIGHUP, before if not callable(before) else signal.SIG_DFL)


def test_in_another_thread_no_signal_is_touched() -> None:
    found: list[Any] = []

    def work() -> None:
        found.append(
            run_interruptibly(lambda: signal.getsignal(signal.SIGINT), lambda: None, shutdown_timeout=1, log=LOG)
        )

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]


def test_a_signal_that_does_not_wake_the_main_thread_is_heard_as_well(alarm: None) -> None:
    asked, heard = threading.Event(), []

    def work() -> None:
        time.sleep(0.5)  # the main one sleeps by now; on a machine so busy that it does not, nothing is shown
        signal.pthread_kill(threading.get_ident(), signal.SIGALRM)  # to this thread; its handler is the main one's
        heard.append(asked.wait(120))

    with pytest.raises(Interruption):
        run_interruptibly(work, asked.set, shutdown_timeout=300, log=LOG)
    assert heard == [True]


def test_work_that_will_not_end_is_left_behind(alarm: None, caplog: pytest.LogCaptureFixture) -> None:
    work = Work(ends=False)
    with pytest.raises(Interruption):
        run_interruptibly(work.run, work.asked.set, shutdown_timeout=0.3, log=LOG)
    assert not work.settled.is_set()
    assert "did not stop in time" in caplog.text
    work.left.set()


def test_a_kill_before_the_task_began_is_not_forgotten(connection: str, emulator: Any, many_rows: Path) -> None:
    from airflow_provider_clevertap.exceptions import LoadStoppedError
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
    from airflow_provider_clevertap.loading.record_kinds import PROFILES
    from airflow_provider_clevertap.task_runtime.task_load import TaskLoad

    upload = TaskLoad(PROFILES, connection, CleverTapHook(connection).settings, LOG)
    upload.stop()
    with pytest.raises(LoadStoppedError):
        upload.run(str(many_rows), {"columns": {"id": "identity"}})
    assert emulator.profiles() == []


def test_a_stop_ends_the_generator_that_makes_the_rows(connection: str, emulator: Any) -> None:
    import pandas as pd

    from airflow_provider_clevertap.exceptions import LoadStoppedError
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
    from airflow_provider_clevertap.loading.record_kinds import PROFILES
    from airflow_provider_clevertap.task_runtime.task_load import TaskLoad

    upload = TaskLoad(PROFILES, connection, CleverTapHook(connection).settings, LOG)
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
