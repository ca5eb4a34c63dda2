"""Keep the report of a load or an export in the XCom of its task, for the tab in Airflow's UI, also while it runs."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_clevertap.airflow_compat import has_tabs

#: The key in XCom; a second load of the same task adds its suffix.
KEY: Final = "clevertap_report"
#: The form of the report, for the page that reads it.
VERSION: Final = 1
#: Reports that could not be written, one after the other, after which no more are tried.
_MAX_FAILURES: Final = 3
#: Seconds to write the last report.
_LAST_SECONDS: Final = 10.0


class ReportXCom:
    """Writes the latest report, in a thread of its own, so that the work never waits for Airflow.

    :param task: the task instance.
    :param key: the key in XCom.
    :param log: for a warning when reports cannot be written; that must not fail the work.
    """

    def __init__(self, task: Any, key: str, log: logging.Logger) -> None:
        self._task = task
        self._key = key
        self._log = log
        self._changed = threading.Condition()
        self._latest: dict[str, Any] | None = None
        self._ending = False
        self._thread: threading.Thread | None = None

    def put(self, report: Mapping[str, Any]) -> None:
        """Have a report written soon, instead of any that has not been written yet."""
        with self._changed:
            self._latest = {"version": VERSION, **report}
            if self._thread is None:
                # The context carries Airflow's notion of the current task.
                context = contextvars.copy_context()
                self._thread = threading.Thread(
                    target=context.run, args=(self._write,), name="clevertap-report", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def end(self, report: Mapping[str, Any] | None = None) -> None:
        """Write the last report, and end.

        :param report: the report; ``None`` when Airflow may no longer accept one, as after a kill.
        """
        with self._changed:
            self._latest = None
        if report is not None:
            self.put(report)
        with self._changed:
            self._ending = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and report is not None:
            thread.join(_LAST_SECONDS)

    def _write(self) -> None:
        failures = 0
        while failures < _MAX_FAILURES:
            with self._changed:
                self._changed.wait_for(lambda: self._latest is not None or self._ending)
                report, self._latest = self._latest, None
            if report is None:
                return
            try:
                self._task.xcom_push(key=self._key, value=report)
                failures = 0
            except Exception as problem:
                failures += 1
                if failures == 1:
                    self._log.warning("The report for Airflow's UI is not in XCom: %s", type(problem).__name__)


def report_xcom(context: Mapping[str, Any] | None, log: logging.Logger, suffix: str = "") -> ReportXCom | None:
    """Return what writes the reports of a task, ``None`` where nobody could read them.

    :param context: the running task's context, ``None`` outside of a task.
    :param log: the task's log.
    :param suffix: the suffix of the load, see ``load_suffix``.
    """
    if context is None or not has_tabs():
        return None
    task = context["ti"]
    if getattr(getattr(task, "task", None), "do_xcom_push", True) is False:
        return None
    return ReportXCom(task, f"{KEY}{suffix}", log)
