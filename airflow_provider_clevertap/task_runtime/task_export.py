"""Run one export inside a task: combine the connection, the data interval, the export and the task's log."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from airflow_provider_clevertap.arguments import read_location
from airflow_provider_clevertap.connections.settings import connect
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    ConfigurationError,
    escape_unprintable,
)
from airflow_provider_clevertap.task_runtime.artifact_paths import (
    artifacts_mode,
    resolve_storage,
    run_began,
    running_task,
)
from airflow_provider_clevertap.task_runtime.interruption import run_interruptibly
from airflow_provider_clevertap.task_runtime.report_xcom import ReportXCom, report_xcom

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings
    from airflow_provider_clevertap.exporting.files.output import RunIdentity

#: Seconds for an export to end after an interruption: its requests end at once, as reading twice is harmless.
CLOSING_SECONDS: Final = 15.0
#: Options that the task sets.
_OWN: Final = frozenset({"zone", "artifacts_mode"})
_INTERVAL: Final = ("start", "end")


class Kind(Protocol):
    """What is exported, see ``export_kinds.ExportKind``."""

    @property
    def max_in_flight(self) -> int:
        """The maximum number of requests in flight."""

    def load_export(self) -> Any:
        """Return the class of the export."""

    def load_options(self) -> Any:
        """Return the class of the options."""


class TaskExport:
    """Export through one connection, which can be stopped from a signal handler.

    :param kind: what is exported.
    :param conn_id: the connection's id, for messages.
    :param settings: reads the connection. Called when the export starts.
    :param log: the task's log.
    """

    def __init__(
        self, kind: Kind, conn_id: str, settings: Callable[[], ConnectionSettings], log: logging.Logger
    ) -> None:
        self._kind = kind
        self._conn_id = conn_id
        self._settings = settings
        self._log = log
        self._export: Any = None
        self._report: ReportXCom | None = None
        self._stopped = False

    @property
    def summary(self) -> dict[str, Any] | None:
        """What has been done so far, ``None`` when the export never started."""
        return None if self._export is None else self._export.summary()

    def stop(self) -> None:
        """Stop the export within a second; it then raises ``LoadStoppedError``."""
        self._stopped = True
        if self._export is not None:
            self._export.stop()

    def run(self, options: Mapping[str, Any], *, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Export, and return the summary.

        :param options: fields of the export's options; those that are ``None`` keep their default. ``start`` and
            ``end`` are by default those of the task's data interval. The output may name an Airflow connection.
        :param context: the running task's context, ``None`` outside of a task.
        :raises CleverTapError: when the export cannot be completed. As for a load, the error has no cause and no frames
            below this one.
        """
        try:
            return self._checked_run(options, running_task(context))
        except CleverTapError as error:
            self._log.debug("Cause of the failure", exc_info=error)
            error.__context__ = None
            raise error.with_traceback(None) from None

    def _checked_run(self, options: Mapping[str, Any], context: Mapping[str, Any] | None) -> dict[str, Any]:
        kind = self._kind.load_options()
        given = _given(kind, options)
        _set_interval(given, context, needed=kind.needs_interval(given))
        settings = self._settings()
        given["max_in_flight"] = settings.in_flight(given.get("max_in_flight", self._kind.max_in_flight))
        given["output"] = resolve_storage(read_location("output", given["output"]))
        given.update(zone=settings.zone(), artifacts_mode=artifacts_mode())
        checked = kind(**given)
        self._report = report_xcom(context, self._log)

        def work() -> dict[str, Any]:
            with connect(settings, checked.max_in_flight) as client:
                self._export = self._kind.load_export()(client, checked, _identity(context, options), self._log)
                self._export.on_progress = self._put_report
                if self._stopped:
                    self._export.stop()
                return self._run()

        return run_interruptibly(
            work,
            self.stop,
            shutdown_timeout=CLOSING_SECONDS,
            log=self._log,
            unfinished="The export did not stop in time; unfinished partitions are as they were before",
        )

    def _put_report(self) -> None:
        if self._report is not None:
            self._report.put(self._report_so_far())

    def _report_so_far(self) -> dict[str, Any]:
        return {"facts": self._export.summary(), "rate": self._export.rate()}

    def _run(self) -> dict[str, Any]:
        complete, failure = False, None
        try:
            summary: dict[str, Any] = self._export.run()
            complete = True
        except AccessDeniedError as error:
            failure = f"Connection {self._conn_id!r}: {error}"
            raise AccessDeniedError(failure, http_status=error.http_status) from None
        except CleverTapError as error:
            failure = str(error)
            raise
        finally:
            if self._report is not None:
                report = {**self._report_so_far(), "complete": complete, "failure": failure}
                self._report.end(None if self._stopped else report)
        self._log.info(
            "Exported %s rows in %s files of %s partitions to %s in %.1f s",
            *(f"{summary[name]:,}" for name in ("rows", "files", "partitions")),
            escape_unprintable(summary["output"]),
            summary["seconds"],
        )
        for name, words in _REMARKS.items():
            if summary.get(name):
                self._log.info("%s: %s", words, summary[name])
        return summary


_REMARKS: Final = {
    "trimmed": "Rows outside of the interval, left out",
    "without_time": "Rows without a time, kept",
    "unfit": "Values that do not have their declared type, kept in the column properties",
    "not_exportable": "Events that CleverTap does not export, left out",
    "restarts": "Walks that began again",
    "retries": "Repeated requests",
}


def _given(kind: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are given.

    :raises ConfigurationError: when one is unknown, or one is missing that has no default.
    """
    known = {option.name: option for option in fields(kind) if option.name not in _OWN}
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ConfigurationError(f"{unknown[0]!r} is not an option of this export; use {', '.join(known)}.")
    given = {name: value for name, value in options.items() if value is not None}
    for name, option in known.items():
        has_default = option.default is not MISSING or option.default_factory is not MISSING
        if name not in given and not has_default:
            raise ConfigurationError(f"{name} must be set.")
    return given


def _set_interval(given: dict[str, Any], context: Mapping[str, Any] | None, *, needed: bool) -> None:
    """Set ``start`` and ``end`` to those of the data interval, where they are not given.

    :param needed: the export needs them.
    :raises ConfigurationError: when one is not given and there is no data interval.
    """
    missing = [name for name in _INTERVAL if name not in given]
    if not missing:
        return
    bounds = [None if context is None else context.get(f"data_interval_{name}") for name in _INTERVAL]
    start, end = (bound if isinstance(bound, datetime) else None for bound in bounds)
    if start is None or end is None or start >= end:
        if not needed:
            return
        where = "this run has no data interval (a manual run, or a schedule without one)" if context else "no task runs"
        raise ConfigurationError(
            f"{' and '.join(missing)} must be set, as {where}. An export never means everything. For a manual run set "
            'for example start="{{ params.start }}" and end="{{ params.end }}".'
        )
    given.update({name: value for name, value in (("start", start), ("end", end)) if name in missing})


def _identity(context: Mapping[str, Any] | None, options: Mapping[str, Any]) -> RunIdentity:
    from airflow_provider_clevertap.exporting.files.output import RunIdentity

    attempt = secrets.token_hex(4)
    if context is None:
        return RunIdentity(secrets.token_hex(4), attempt)
    task = context["ti"]
    # Airflow increases max_tries when a user clears the task, but not when it retries the task automatically.
    names = ("dag_id", "run_id", "task_id", "map_index", "max_tries")
    # A run that is deleted and made again has the id of the old one, whose partitions are as old as it is.
    values = [*(getattr(task, name, None) for name in names), run_began(context)]
    text = json.dumps([values, {name: str(value) for name, value in sorted(options.items())}])
    run = hashlib.sha256(text.encode()).hexdigest()[:8]
    return RunIdentity(run, attempt, int(getattr(task, "try_number", 0) or 0))
