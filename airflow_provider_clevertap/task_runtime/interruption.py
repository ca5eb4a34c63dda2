"""Running a load so that an interrupted task stops it in good order."""

from __future__ import annotations

import contextvars
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")

#: What tasks are interrupted with: Airflow's SIGTERM, the timer of its timeouts, Ctrl-C, and a terminal that has gone.
_SIGNALS: Final = (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP)

#: A signal that comes just before this thread falls asleep, or that another thread takes, does not wake it, and its
#: handler is called when it wakes: so it wakes now and then.
_LISTEN_SECONDS: Final = 1.0


class InterruptionListener:
    """While it is entered, signals interrupt this thread once: what they would raise after that is left out.

    An interruption is an exception raised by the handler of a signal. A second one could fall anywhere between the
    first and the end of waiting for the work, so that nothing in that code could be sure to be done. So the handlers
    stand behind those here from the start. Only the main thread gets signals; in any other this does nothing.

    :param stop: called at SIGTERM when its handler raises nothing: on Airflow 3 an operator hears of it by ``on_kill``,
        and a function that loads through the hook not at all.
    :param log: told of what was left out, at the end: who writes a log in a handler may have been about to write one.
    """

    def __init__(self, stop: Callable[[], None], log: logging.Logger) -> None:
        self._stop = stop
        self._log = log
        self._left_out: list[str] = []
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._at_work: set[int] = set()
        self._interrupted = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            try:
                for number in _SIGNALS:
                    before = signal.getsignal(number)
                    if callable(before):
                        self._before[number] = before
                        signal.signal(number, self._hear)
            except BaseException:
                self._put_back()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._put_back()
        if self._left_out:
            self._log.info("The task was ending already, so this changed nothing: %s", ", ".join(self._left_out))

    def _hear(self, number: int, frame: FrameType | None) -> None:
        # Python runs a handler in the middle of another one, also of the same signal: ``on_kill`` takes a lock, which
        # it would then wait for within itself.
        if self._interrupted or number in self._at_work:
            self._left_out.append(signal.Signals(number).name)
            return
        self._at_work.add(number)
        try:
            self._before[number](number, frame)
            if number == signal.SIGTERM:
                self._stop()
        except BaseException:
            self._interrupted = True
            raise
        finally:
            self._at_work.discard(number)

    def _put_back(self) -> None:
        for number, before in self._before.items():
            if signal.getsignal(number) == self._hear:  # somebody may have set another one since
                signal.signal(number, before)


def run_interruptibly(work: Callable[[], T], stop: Callable[[], None], *, patience: float, log: logging.Logger) -> T:
    """Do the work in a thread of its own, while this thread waits for it.

    Airflow interrupts a task in three ways, all of them in the main thread of the task's process:

    * SIGTERM on Airflow 3 (a worker shut down, the task cleared or marked in the UI): ``on_kill`` is called, and
      ``execute`` goes on. When the task was cleared or marked, SIGKILL follows five seconds later.
    * SIGTERM on Airflow 2: ``on_kill`` is called, then ``AirflowTaskTerminated`` is raised at whatever the main
      thread is doing. SIGKILL follows after ``[core] killed_task_cleanup_time``, 60 seconds by default.
    * ``execution_timeout`` on both: ``AirflowTaskTimeout`` is raised at whatever the main thread is doing, and
      ``on_kill`` is called only once ``execute`` is over.

    More than one of them may come, one after the other. The first one that is raised counts; the others change nothing,
    neither the wait nor how long it may be.

    An exception that can be raised anywhere could fall between the sending of a batch and the noting of its outcome.
    In a thread of its own the work never sees one. This thread does: it asks the work to stop, waits until what was
    in flight has been settled, and lets the interruption go on.

    :param work: what to do; its result is returned, its exception raised.
    :param stop: asks the work to end soon; called from this thread.
    :param patience: longest wait after an interruption, seconds. The thread is a daemon, so that work which never ends
        cannot keep the process.
    :param log: where to tell about an interruption.
    """
    outcome: Future[T] = Future()

    def settle() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # it belongs to whoever waits
            outcome.set_exception(error)

    # The context carries Airflow's notion of the current task into the thread.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(settle,), name="clevertap-load", daemon=True)
    with InterruptionListener(stop, log):
        try:
            thread.start()  # an interruption may come as soon as there is work it would leave behind
            while not wait([outcome], _LISTEN_SECONDS).done:
                pass  # now handlers are called
            return outcome.result()
        except BaseException:
            if not outcome.done():
                stop()
                log.warning("Interrupted: waiting for the requests in flight, at most %.0f seconds", patience)
                wait([outcome], patience)
                if not outcome.done():
                    log.error("The load did not stop in time; what was in flight may or may not have been processed")
            raise
