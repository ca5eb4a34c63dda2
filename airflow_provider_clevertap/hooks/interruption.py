"""Running a load so that an interrupted task stops it in good order."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")


def run_interruptibly(work: Callable[[], T], stop: Callable[[], None], *, patience: float, log: logging.Logger) -> T:
    """Do the work in a thread of its own, while this thread waits for it.

    Airflow interrupts a task in three ways, all of them in the main thread of the task's process:

    * SIGTERM on Airflow 3 (a worker shut down, the task cleared or marked in the UI): ``on_kill`` is called, and
      ``execute`` goes on. When the task was cleared or marked, SIGKILL follows five seconds later.
    * SIGTERM on Airflow 2: ``on_kill`` is called, then ``AirflowTaskTerminated`` is raised at whatever the main
      thread is doing. SIGKILL follows after ``[core] killed_task_cleanup_time``, 60 seconds by default.
    * ``execution_timeout`` on both: ``AirflowTaskTimeout`` is raised at whatever the main thread is doing, and
      ``on_kill`` is called only once ``execute`` is over.

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
    try:
        thread.start()  # an interruption may come as soon as there is work it would leave behind
        return outcome.result()
    except BaseException:
        if not outcome.done():
            stop()
            log.warning("Interrupted: waiting for the requests in flight, at most %.0f seconds", patience)
            wait([outcome], patience)
            if not outcome.done():
                log.error("The load did not stop in time; what was in flight may or may not have been processed")
        raise
