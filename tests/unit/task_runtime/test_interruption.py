"""``run_interruptibly``: one interruption stops the work and waits for it; later ones change nothing."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from airflow_provider_clevertap.task_runtime.interruption import InterruptionListener, run_interruptibly
from tests.support.interrupted_task import MARK

LOG = logging.getLogger("test")


class Interruption(BaseException):
    """Stand-in for the exceptions that Airflow raises in a signal handler."""


class Work:
    """Work that is interrupted as soon as it has started."""

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
        while not ended.is_set():  # no signal may arrive after this test
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

    def on_kill(*_: object) -> None:  # like an operator's on Airflow 3: it acquires a lock and raises nothing
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

    def work() -> bool:  # like a load through the hook on Airflow 3, which the task's operator does not know
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
        time.sleep(0.5)  # the main thread waits by now; on a very busy machine it may not, and the test shows nothing
        signal.pthread_kill(threading.get_ident(), signal.SIGALRM)  # to this thread; the main thread runs the handler
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
