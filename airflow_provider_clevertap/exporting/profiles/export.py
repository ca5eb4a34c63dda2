"""Export profiles: people who raised events, or whom a query selects, as one snapshot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import compress
from typing import Any, Protocol

from airflow_provider_clevertap.api.exports.pages import ProfileRecord
from airflow_provider_clevertap.api.reads.calls import RejectedReadError
from airflow_provider_clevertap.exceptions import CursorExpiredError, NotExportableError
from airflow_provider_clevertap.exported.layout import snapshot_directory
from airflow_provider_clevertap.exported.project_time import query_day
from airflow_provider_clevertap.exporting.columns.declared import DeclaredColumns
from airflow_provider_clevertap.exporting.columns.profile_columns import (
    ProfileColumns,
    asked_parts,
    keys,
    profile_schema,
)
from airflow_provider_clevertap.exporting.export_by_events import Client, ExportByEvents
from airflow_provider_clevertap.exporting.files.output import Partition, RunIdentity
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.profiles.options import ProfileOptions
from airflow_provider_clevertap.exporting.walks.walk import MAX_RESTARTS, Count, StartWalk, UnconfirmedError, Walker
from airflow_provider_clevertap.loading.rows.key_set import KeySet


class ProfileClient(Client, Protocol):
    """What an export needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    profiles: StartWalk
    count_profiles: Count


class ProfileExport(ExportByEvents):
    """One export of profiles.

    :param client: makes the requests.
    :param options: the options.
    :param identity: which run and attempt of a task this is.
    :param log: for the progress and for warnings.
    """

    kind = "profiles"

    def __init__(
        self, client: ProfileClient, options: ProfileOptions, identity: RunIdentity, log: logging.Logger
    ) -> None:
        super().__init__(client, options, identity, log, partition="snapshot")
        self._profile_client = client
        self._options: ProfileOptions = options
        self._declared = DeclaredColumns(options.schema, profile_schema(options.include, DeclaredColumns()).names)
        self._duplicates = 0
        start, end = options.interval
        directory = self._output.directory.below(snapshot_directory(options.days[-1]))
        self._partition = Partition(directory, self._selected_by(), start, end)

    def run(self) -> dict[str, Any]:
        """Export, and return the summary.

        :raises CleverTapError: when it cannot be completed; the snapshot is then as before.
        """
        self._options.check_not_future(datetime.now(UTC))
        self._output.prepare()
        existing = self._output.existing(self._partition)
        if existing is not None and self._output.is_done(existing):
            self._count_partition(existing, resumed=1)
            return self.summary()
        queries = self._queries()
        restarts = 0
        while True:
            asked_at = datetime.now(UTC)
            try:
                files = self._fill(queries)
                break
            except (CursorExpiredError, UnconfirmedError):
                if restarts == MAX_RESTARTS or self._stopped.is_set():
                    raise
                restarts += 1
                self.counts.add(restarts=1)
                self._restart_walks()
        self._check_not_empty(files.rows)
        try:
            self._publish(self._partition, files, asked_at)
        except BaseException:
            files.discard_unpublished()
            raise
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Return what has been done so far."""
        return self._summarize([self._partition], duplicates=self._duplicates, not_exportable=self.not_exportable)

    def _selected_by(self) -> tuple[str, ...]:
        events = self._options.events
        return () if events is None else (events,) if isinstance(events, str) else tuple(events)

    def _queries(self) -> list[dict[str, Any]]:
        options = self._options
        if options.events is None:
            return [dict(options.query)]
        days = {"from": query_day(options.days[0]), "to": query_day(options.days[-1])}
        return [{"event_name": event, **days, **options.query} for event in self._event_names(options.events)]

    def _fill(self, queries: Sequence[Mapping[str, Any]]) -> PartitionFiles:
        options = self._options
        files = self._make_files(self._partition, profile_schema(options.include, self._declared))
        attempt = _Attempt(options, self._declared, files)
        client, parts = self._profile_client, asked_parts(options.include)
        walker: Walker[ProfileRecord] = self._make_walker(client.profiles, client.count_profiles, parts)
        try:
            self._run_jobs([partial(self._walk, walker, query, attempt) for query in queries])
            files.finish()
        except BaseException:
            files.discard()
            raise
        self._duplicates = attempt.duplicates
        self.counts.add(attempt.columns.unfit)
        return files

    def _walk(self, walker: Walker[ProfileRecord], query: Mapping[str, Any], attempt: _Attempt) -> None:
        try:
            walker.walk(query, attempt.add)
        except (NotExportableError, RejectedReadError) as error:
            self._leave_out(query.get("event_name", ""), error)


class _Attempt:
    """The rows of all walks of one attempt: each person once, in the files of the snapshot.

    The walks share it. If one of them has to begin again, all do, as it is not known who came from which.
    """

    def __init__(self, options: ProfileOptions, declared: DeclaredColumns, files: PartitionFiles) -> None:
        self.columns = ProfileColumns(options.include, declared)
        self.duplicates = 0
        self._files = files
        self._known = KeySet() if options.dedupe else None
        self._lock = threading.Lock()

    def add(self, records: Sequence[ProfileRecord]) -> None:
        """Add the records of a page; threads may call it at the same time."""
        with self._lock:
            if self._known is not None:
                repeated = self._known.add_and_mark_known(keys(records))
                self.duplicates += int(repeated.sum())
                records = list(compress(records, (~repeated).tolist()))
            if records:
                self._files.add(self.columns.table(records))
