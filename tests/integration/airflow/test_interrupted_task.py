"""A task that Airflow interrupts waits for its requests in flight, so that every record sent has an outcome."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.held_answers import held_answers
from tests.support.http_requests import wait_until
from tests.support.interrupted_task import PROFILES, SUBSCRIPTIONS, InterruptedTask

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture
def task(
    airflow_db: Path, connection: str, emulator: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[InterruptedTask]:
    task = InterruptedTask(emulator, tmp_path, getattr(request, "param", PROFILES))
    yield task
    task.close()


@pytest.mark.parametrize("task", [PROFILES, SUBSCRIPTIONS], ids=lambda loaded: loaded.stored, indirect=True)
def test_sigterm_settles_what_is_in_flight(task: InterruptedTask) -> None:
    process = task.start()
    process.send_signal(signal.SIGTERM)
    process.wait(300)
    task.check_all_settled()
    # Airflow 3 sends SIGKILL five seconds after SIGTERM when a task was cleared or marked in the UI. The responses in
    # flight take one of them. The rest is measured in CPU seconds, so that it does not depend on how busy the machine
    # is.
    assert task.cpu_seconds("ended") - task.cpu_seconds("asked") < 3


def test_execution_timeout_settles_what_is_in_flight(task: InterruptedTask) -> None:
    process = task.start("timedelta(hours=1)")
    process.send_signal(signal.SIGALRM)  # the signal of the timer that Airflow sets for the timeout
    process.wait(300)
    task.check_all_settled()
    assert "AirflowTaskTimeout" in task.log()


#: On Airflow 3 a SIGTERM alone raises nothing; the others raise an exception on Airflow 2 and 3.
PAIRS = [("SIGTERM", "SIGTERM"), ("SIGTERM", "SIGALRM"), ("SIGALRM", "SIGTERM"), ("SIGALRM", "SIGINT")]


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_a_second_interruption_changes_nothing(task: InterruptedTask, emulator: Any, pair: tuple[str, str]) -> None:
    let_go = threading.Event()
    with held_answers(emulator, lambda _: let_go.is_set()):
        try:
            process = task.start("timedelta(hours=1)", held=True)
            for name in pair:
                process.send_signal(getattr(signal, name))
                wait_until(lambda: "at asked" in task.log() or process.poll() is not None, "the load is asked to stop")
            wait_until(task.has_handled_signals, "both are handled")
        finally:
            let_go.set()
        process.wait(300)
    assert "saved True unsettled 0" in task.log(), task.log()
    task.check_all_settled()
    assert task.log().count("did not stop in time") == 0


def test_any_number_of_interruptions_changes_nothing(task: InterruptedTask, emulator: Any) -> None:
    let_go = threading.Event()
    with held_answers(emulator, lambda _: let_go.is_set()):
        try:
            process = task.start("timedelta(hours=1)", held=True)
            for number in range(300):
                process.send_signal((signal.SIGALRM, signal.SIGTERM, signal.SIGINT)[number % 3])
            wait_until(task.has_handled_signals, "all are handled")
        finally:
            let_go.set()
        process.wait(300)
    assert "saved True unsettled 0" in task.log(), task.log()
    task.check_all_settled()
