"""One load as a task runs it: connection, paths, engine and log put together, for the hook and the operators alike."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.connections.settings import connect
from airflow_provider_clevertap.exceptions import AccessDeniedError, ConfigurationError
from airflow_provider_clevertap.locations import join_path
from airflow_provider_clevertap.task_runtime.artifact_paths import (
    artifacts_base,
    artifacts_mode,
    distinct_path,
    resolve_storage,
    task_directory,
)
from airflow_provider_clevertap.task_runtime.databases import find_database, with_query
from airflow_provider_clevertap.task_runtime.interruption import run_interruptibly
from airflow_provider_clevertap.task_runtime.summary_log import log_summary

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings
    from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
    from airflow_provider_clevertap.loading.load import Load
    from airflow_provider_clevertap.loading.record_kinds import RecordKind
    from airflow_provider_clevertap.loading.rows.block import Source

#: Seconds granted, beyond the timeout of a request, to write down the outcomes after an interruption.
CLOSING_SECONDS = 15.0


class TaskLoad:
    """A load of one source through one connection, which can be stopped from a signal handler.

    :param kind: what kind of record the rows become.
    :param conn_id: the connection's id, for messages.
    :param settings: reads the connection; called when the load starts, and not at all when nothing is sent.
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
        self._stopped = False

    @property
    def summary(self) -> dict[str, Any] | None:
        """The counts so far, ``None`` when the load never started."""
        return None if self._load is None else self._load.summary.to_dict()

    def stop(self) -> None:
        """Ask the load to settle what is in flight and end; it then fails with ``LoadStoppedError``."""
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
        """Load the source and give the summary.

        :param source: anything ``open_source`` takes; URIs may name an Airflow connection, and the path of a file with
            SQL starts where the DAG's templates are.
        :param options: fields of ``LoadOptions``; those that are ``None`` keep their default.
        :param context: the running task's context. With it, the rejects file and the report have a default place, and
            a checkpoint is kept, from which a later try goes on.
        :param artifacts_path: where that default place is, see ``task_directory``.
        :raises CleverTapError: as the engine does; ``summary`` then holds what had been counted.
        """
        from airflow_provider_clevertap.loading.options import LoadOptions
        from airflow_provider_clevertap.loading.sources.open import open_source

        known = [option.name for option in fields(LoadOptions)]
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ConfigurationError(f"{unknown[0]!r} is not an option of a load; use {', '.join(known)}.")
        given = {name: value for name, value in options.items() if value is not None}
        settings = None if given.get("dry_run") == "local" else self._settings()
        patience = CLOSING_SECONDS + (0 if settings is None else settings.timeout)

        in_order = threading.current_thread() is threading.main_thread()  # other threads begin in no certain order

        def work() -> dict[str, Any]:
            try:
                opened = open_source(with_query(resolve_storage(source), context), databases=find_database)
                store = self._place_files(opened, given, context, artifacts_path, in_order=in_order)
                return self._load_all(opened, given, settings, store)
            finally:
                _end_frames(source)

        # The source is opened and read by one thread: what makes its rows may hold what only one thread may use.
        return run_interruptibly(work, self.stop, patience=patience, log=self._log)

    def _place_files(
        self,
        opened: Source,
        given: dict[str, Any],
        context: Mapping[str, Any] | None,
        artifacts_path: Any,
        *,
        in_order: bool,
    ) -> CheckpointStore | None:
        """Find where the files of this load go, and put it into its options; return where its checkpoint goes.

        :param in_order: the loads of the task begin in a certain order.
        """
        from airflow_provider_clevertap.loading.sources.files.source import FilesSource
        from airflow_provider_clevertap.loading.storage.file_identity import check_distinct
        from airflow_provider_clevertap.task_runtime.checkpoint_stores import checkpoint_store, known_by, load_suffix
        from airflow_provider_clevertap.task_runtime.path_claims import claim_path

        suffix, directory, mode = "", None, artifacts_mode()
        if context is not None:
            directory = task_directory(context, artifacts_path)
            suffix = load_suffix(context, "" if in_order else known_by(self._kind, self._conn_id, opened))
        places = _places(opened, given, context, directory, suffix)
        if context is not None:
            base = artifacts_base(artifacts_path)
            for name in given.keys() & places.keys():
                places[name] = claim_path(places[name], base, context, suffix, mode=mode, log=self._log)
        check_distinct(places)
        if isinstance(opened, FilesSource):
            opened.exclude_outputs(places, self._log)
        given.update(places, artifacts_mode=mode)
        if context is None or given.get("dry_run") is not None:
            return None
        return checkpoint_store(context, directory, suffix, mode)

    def _load_all(
        self,
        opened: Source,
        given: dict[str, Any],
        settings: ConnectionSettings | None,
        store: CheckpointStore | None,
    ) -> dict[str, Any]:
        from airflow_provider_clevertap.loading.load import Load, LoadOptions

        client = None
        if settings is not None:
            given["max_in_flight"] = settings.in_flight(given.get("max_in_flight"))
            client = connect(settings, given["max_in_flight"])
        try:
            self._load = Load(self._kind, opened, client, LoadOptions(**given), log=self._log, store=store)
            if self._stopped:
                self._load.stop()
            try:
                self._load.run()
            except AccessDeniedError as error:
                raise AccessDeniedError(f"Connection {self._conn_id!r}: {error}") from None
            finally:
                log_summary(self._log, opened.name, self._load.summary.to_dict())
            return self._load.summary.to_dict()
        finally:
            if client is not None:
                client.close()


def _places(
    source: Source, given: Mapping[str, Any], context: Mapping[str, Any] | None, directory: Any, suffix: str
) -> dict[str, Any]:
    """Return where the files of this load go: each load of a run has places of its own."""
    places = {
        name: distinct_path(resolve_storage(given[name]), context, suffix)
        for name in ("rejects_path", "report_path")
        if name in given
    }
    if directory is not None:
        ending = "jsonl" if source.nested else "csv"
        places.setdefault("rejects_path", join_path(directory, f"rejects{suffix}.{ending}"))
        places.setdefault("report_path", join_path(directory, f"report{suffix}.json"))
    return places


def _end_frames(source: Any) -> None:
    """End a generator of frames, so that what it holds open is closed, and by the thread that opened it."""
    frames = getattr(source, "frame", source)
    if isinstance(frames, Generator):
        frames.close()
