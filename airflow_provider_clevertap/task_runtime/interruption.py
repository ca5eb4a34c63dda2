"""Run a load so that it stops cleanly when Airflow interrupts its task: every record sent gets an outcome."""

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

#: Logged when a load has not ended in time.
UNFINISHED_LOAD: Final = "The load did not stop in time; the records in flight may or may not have been processed"

#: Signals that interrupt a task: Airflow's SIGTERM, the timer of its timeouts, Ctrl-C, and a closed terminal.
_SIGNALS: Final = (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP)

#: A signal that arrives just before the main thread starts to wait, or in another thread, does not wake the main
#: thread, and Python calls the handler only when the main thread runs. So it wakes at this interval.
_WAKE_INTERVAL: Final = 1.0


class InterruptionListener:
    """Context manager in which signals can interrupt the main thread only once; later signals are ignored.

    An interruption is an exception raised by the handler of a signal. A second one could be raised anywhere between the
    first one and the end of the wait for the work, so that no line of that code would be sure to run. Therefore the
    handlers are replaced from the start by one that calls them. Only the main thread gets signals; in any other thread
    this does nothing.

    :param stop: called at SIGTERM when its handler raises nothing: on Airflow 3 an operator is informed by ``on_kill``,
        and a function that loads through the hook is not informed at all.
    :param log: for the ignored signals, which are logged on exit: a handler must not log, because the code that it
        interrupts may be writing to the log.
    """

    def __init__(self, stop: Callable[[], None], log: logging.Logger) -> None:
        self._stop = stop
        self._log = log
        self._ignored: list[str] = []
        self._original_handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._running_handlers: set[int] = set()
        self._interrupted = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            try:
                for number in _SIGNALS:
                    handler = signal.getsignal(number)
                    if callable(handler):
                        self._original_handlers[number] = handler
                        signal.signal(number, self._handle)
            except BaseException:
                self._restore_handlers()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._restore_handlers()
        if self._ignored:
            self._log.info("The task was already ending, so these signals were ignored: %s", ", ".join(self._ignored))

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # Python runs a handler in the middle of another one, even for the same signal. ``on_kill`` acquires a lock, so
        # a second call within the first would wait for itself.
        if self._interrupted or number in self._running_handlers:
            self._ignored.append(signal.Signals(number).name)
            return
        self._running_handlers.add(number)
        try:
            self._original_handlers[number](number, frame)
            if number == signal.SIGTERM:
                self._stop()
        except BaseException:
            self._interrupted = True
            raise
        finally:
            self._running_handlers.discard(number)

    def _restore_handlers(self) -> None:
        for number, handler in self._original_handlers.items():
            if signal.getsignal(number) == self._handle:  # other code may have set a new handler since
                signal.signal(number, handler)


def run_interruptibly(
    work: Callable[[], T],
    stop: Callable[[], None],
    *,
    shutdown_timeout: float,
    log: logging.Logger,
    unfinished: str = UNFINISHED_LOAD,
) -> T:
    """Run the work in a separate thread and wait for it, so that an interruption cannot break into the work.

    Airflow interrupts a task in three ways, all of them in the main thread of the task's process:

    * SIGTERM on Airflow 3 (a worker shut down, the task cleared or marked in the UI): ``on_kill`` is called, and
      ``execute`` continues. When the task was cleared or marked, SIGKILL follows five seconds later.
    * SIGTERM on Airflow 2: ``on_kill`` is called, then ``AirflowTaskTerminated`` is raised at whatever the main
      thread is doing. SIGKILL follows after ``[core] killed_task_cleanup_time``, 60 seconds by default.
    * ``execution_timeout`` on both: ``AirflowTaskTimeout`` is raised at whatever the main thread is doing, and
      ``on_kill`` is called only once ``execute`` is over.

    Several of them may follow each other. The first one that is raised counts; the later ones change neither the wait
    nor its limit.

    Such an exception could be raised between the sending of a batch and the recording of its outcome. In a separate
    thread the work never gets one. This thread does: it asks the work to stop, waits until the requests in flight are
    answered and recorded, and then raises the exception again.

    :param work: the work; its result is returned, its exception is raised.
    :param stop: asks the work to end soon; called from this thread.
    :param shutdown_timeout: maximum wait after an interruption, in seconds. The thread is a daemon, so that work that
        never ends does not keep the process alive.
    :param log: for a warning about an interruption.
    :param unfinished: what is logged when the work has not ended in time.
    """
    outcome: Future[T] = Future()

    def run_work() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # raised again by the thread that waits
            outcome.set_exception(error)

    # Airflow keeps the current task in context variables, which a new thread does not inherit.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run_work,), name="clevertap-load", daemon=True)
    with InterruptionListener(stop, log):
        try:
            thread.start()  # within try: an interruption may arrive as soon as the thread runs
            while not wait([outcome], _WAKE_INTERVAL).done:
                pass  # Python calls pending signal handlers here
            return outcome.result()
        except BaseException:
            if not outcome.done():
                stop()
                log.warning("Interrupted: waiting for the requests in flight, at most %.0f seconds", shutdown_timeout)
                wait([outcome], shutdown_timeout)
                if not outcome.done():
                    log.error(unfinished)
            raise
