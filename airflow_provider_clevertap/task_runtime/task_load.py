"""Run one load inside a task: combine the connection, the paths, the load engine and the task's log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.arguments import read_location
from airflow_provider_clevertap.connections.settings import connect
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    CleverTapUnavailableError,
    ConfigurationError,
    LoadStoppedError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.locations import join_path
from airflow_provider_clevertap.task_runtime.artifact_paths import (
    artifacts_base,
    artifacts_mode,
    distinct_path,
    resolve_storage,
    running_task,
    task_directory,
)
from airflow_provider_clevertap.task_runtime.databases import find_database, with_query
from airflow_provider_clevertap.task_runtime.interruption import run_interruptibly
from airflow_provider_clevertap.task_runtime.report_xcom import ReportXCom, report_xcom
from airflow_provider_clevertap.task_runtime.summary_log import log_summary

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings
    from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
    from airflow_provider_clevertap.loading.load import Load
    from airflow_provider_clevertap.loading.record_kinds import RecordKind
    from airflow_provider_clevertap.loading.rows.block import Source

#: Seconds to record outcomes and publish files after an interruption, in addition to the timeout of a request.
CLOSING_SECONDS = 15.0


class TaskLoad:
    """Load of one source through one connection, which can be stopped from a signal handler.

    :param kind: the kind of record that the rows become.
    :param conn_id: the connection's id, for messages.
    :param settings: reads the connection. Called when the load starts, unless nothing is sent.
    :param log: the task's log.
    """

    def __init__(
        self, kind: RecordKind, conn_id: str, settings: Callable[[], ConnectionSettings], log: logging.Logger
    ) -> None:
        self._kind = kind
        self._conn_id = conn_id
        self._settings = settings
        self._log = log
        self._load: Load | None = None
        self._report: ReportXCom | None = None
        self._stopped = False

    @property
    def summary(self) -> dict[str, Any] | None:
        """The counts so far, ``None`` when the load never started."""
        return None if self._load is None else self._load.summary.to_dict()

    def stop(self) -> None:
        """Ask the load to stop once the requests in flight are answered; it then raises ``LoadStoppedError``."""
        self._stopped = True
        if self._load is not None:
            self._load.stop()

    def run(
        self,
        source: Any,
        options: Mapping[str, Any],
        *,
        context: Mapping[str, Any] | None = None,
        artifacts_path: Any = None,
    ) -> dict[str, Any]:
        """Load the source and return the summary.

        :param source: anything ``open_source`` accepts. URIs may name an Airflow connection, and the path of an SQL
            file is relative to the DAG's templates.
        :param options: fields of ``LoadOptions``; those that are ``None`` keep their default.
        :param context: the running task's context. With it, the rejects file and the report have default paths, and a
            checkpoint is saved, from which a later attempt resumes. A context without a task counts as none.
        :param artifacts_path: base of the default paths, see ``task_directory``.
        :raises CleverTapError: as the load engine does; ``summary`` then holds the counts so far. It has no cause and
            no frames below this one: Airflow logs all of them, other libraries' errors quote values of rows, and the
            message says what the reader needs.
        """
        try:
            return self._run(source, options, running_task(context), artifacts_path)
        except CleverTapError as error:
            self._log.debug("Cause of the failure", exc_info=error)
            error.__context__ = None
            raise error.with_traceback(None) from None

    def _run(
        self, source: Any, options: Mapping[str, Any], context: Mapping[str, Any] | None, artifacts_path: Any
    ) -> dict[str, Any]:
        from airflow_provider_clevertap.loading.options import LoadOptions
        from airflow_provider_clevertap.loading.sources.open import open_source

        known = [option.name for option in fields(LoadOptions)]
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ConfigurationError(f"{unknown[0]!r} is not an option of a load; use {', '.join(known)}.")
        given = {name: value for name, value in options.items() if value is not None}
        given |= {name: read_location(name, given[name]) for name in ("rejects_path", "report_path") if name in given}
        artifacts_path = read_location("artifacts_path", artifacts_path)
        settings = None if given.get("dry_run") == "local" else self._settings()
        shutdown_timeout = CLOSING_SECONDS + (0 if settings is None else settings.timeout)

        in_order = threading.current_thread() is threading.main_thread()  # other threads start in no fixed order

        def work() -> dict[str, Any]:
            try:
                opened = open_source(
                    with_query(resolve_storage(source), context),
                    databases=find_database,
                    messages=given.get("spec") is not None,
                )
                store = self._set_paths(opened, given, context, artifacts_path, in_order=in_order)
                return self._run_load(opened, given, settings, store)
            finally:
                _close_generator(source)

        # One thread opens and reads the source: a user's generator may use objects that are bound to a thread.
        return run_interruptibly(work, self.stop, shutdown_timeout=shutdown_timeout, log=self._log)

    def _set_paths(
        self,
        opened: Source,
        given: dict[str, Any],
        context: Mapping[str, Any] | None,
        artifacts_path: Any,
        *,
        in_order: bool,
    ) -> CheckpointStore | None:
        """Set the paths of this load's files in its options, and return the store of its checkpoint.

        :param opened: the source.
        :param given: the options given by the user, to which the paths are added.
        :param context: the running task's context, ``None`` outside a task.
        :param artifacts_path: base of the default paths.
        :param in_order: whether the loads of the task start in a fixed order.
        :return: the store, ``None`` when no checkpoint is saved.
        """
        from airflow_provider_clevertap.loading.sources.files.source import FilesSource
        from airflow_provider_clevertap.storage.file_identity import check_distinct
        from airflow_provider_clevertap.task_runtime.checkpoint_stores import (
            checkpoint_store,
            load_identity,
            load_suffix,
        )
        from airflow_provider_clevertap.task_runtime.path_claims import claim_path

        suffix, directory, mode = "", None, artifacts_mode()
        if context is not None:
            directory = task_directory(context, artifacts_path)
            suffix = load_suffix(context, "" if in_order else load_identity(self._kind, self._conn_id, opened))
            self._report = report_xcom(context, self._log, suffix)
        paths = _artifact_paths(opened, given, context, directory, suffix)
        if context is not None:
            base = artifacts_base(artifacts_path)
            for name in given.keys() & paths.keys():
                paths[name] = claim_path(paths[name], base, context, suffix, mode=mode, log=self._log)
        check_distinct(paths)
        if isinstance(opened, FilesSource):
            opened.exclude_outputs(paths, self._log)
        given.update(paths, artifacts_mode=mode)
        if context is None or given.get("dry_run") is not None:
            return None
        return checkpoint_store(context, directory, suffix, mode)

    def _put_report(self) -> None:
        if self._report is not None and self._load is not None:
            self._report.put(_report_of(self._load))

    def _run_load(
        self,
        opened: Source,
        given: dict[str, Any],
        settings: ConnectionSettings | None,
        store: CheckpointStore | None,
    ) -> dict[str, Any]:
        from airflow_provider_clevertap.loading.load import Load, LoadOptions

        options, client = LoadOptions(**given), None
        if settings is not None:
            options = replace(options, max_in_flight=settings.in_flight(given.get("max_in_flight")))
            client = connect(settings, options.max_in_flight)
        try:
            load = self._load = Load(
                self._kind, opened, client, options, log=self._log, store=store, on_progress=self._put_report
            )
            if self._stopped:
                load.stop()
            self._run_to_its_end(load)
            return load.summary.to_dict()
        finally:
            if client is not None:
                client.close()

    def _run_to_its_end(self, load: Load) -> None:
        """Run a load, and log its summary and write its last report, also when it fails."""
        complete, failure = False, None
        try:
            load.run()
            complete = True
        except TooManyRejectsError:
            complete = True
            raise
        except CleverTapError as error:
            unexplained = isinstance(error, AccessDeniedError | CleverTapUnavailableError)
            if unexplained and not isinstance(error, LoadStoppedError):
                error.args = (f"Connection {self._conn_id!r}: {error.args[0]}{_advice(error)}",)
            failure = str(error)
            raise
        finally:
            log_summary(self._log, load.source.name, load.summary.to_dict(), ended_early=not complete)
            if self._report is not None:
                report = {**_report_of(load), "complete": complete, "failure": failure}
                self._report.end(None if self._stopped else report)


def _report_of(load: Load) -> dict[str, Any]:
    """Return the report of a load as it is now."""
    return {"facts": load.summary.to_dict(), "source": load.source.name, **load.progress.facts()}


def _advice(error: CleverTapError) -> str:
    if isinstance(error, CleverTapUnavailableError) and error.http_status is None:
        return ". Check the network, the proxy, and the region or host of the connection."
    return ""


def _artifact_paths(
    source: Source, given: Mapping[str, Any], context: Mapping[str, Any] | None, directory: Any, suffix: str
) -> dict[str, Any]:
    """Return the paths of this load's rejects file and report, which differ for each load of a run."""
    paths = {
        name: distinct_path(resolve_storage(given[name]), context, suffix)
        for name in ("rejects_path", "report_path")
        if name in given
    }
    if directory is not None:
        extension = "jsonl" if source.nested else "csv"
        paths.setdefault("rejects_path", join_path(directory, f"rejects{suffix}.{extension}"))
        paths.setdefault("report_path", join_path(directory, f"report{suffix}.json"))
    return paths


def _close_generator(source: Any) -> None:
    """Close a generator of DataFrames in the thread that ran it, so that it releases the resources it holds."""
    frames = getattr(source, "frame", source)
    if isinstance(frames, Generator):
        frames.close()
