"""Export events: check everything, plan the jobs, carry them out with a few requests in flight, replace partitions."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Protocol

from airflow_provider_clevertap.api.exports.pages import EventRecord
from airflow_provider_clevertap.api.reads.calls import RejectedReadError
from airflow_provider_clevertap.exceptions import NotExportableError
from airflow_provider_clevertap.exporting.columns.declared import DeclaredColumns
from airflow_provider_clevertap.exporting.columns.event_columns import EventColumns, asked_parts, event_schema
from airflow_provider_clevertap.exporting.events.job import EventJob, FinishedFiles, UndatedEventsError
from airflow_provider_clevertap.exporting.events.options import EventOptions
from airflow_provider_clevertap.exporting.events.plan import Job, all_partitions, plan_jobs, single_days
from airflow_provider_clevertap.exporting.export_by_events import Client, ExportByEvents
from airflow_provider_clevertap.exporting.files.output import Partition, RunIdentity
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.walks.walk import Count, StartWalk, Walker


class EventClient(Client, Protocol):
    """What an export needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    events: StartWalk
    count_events: Count


class EventExport(ExportByEvents):
    """One export of events.

    :param client: makes the requests.
    :param options: the options.
    :param identity: which run and attempt of a task this is.
    :param log: for the progress and for warnings.
    """

    kind = "events"

    def __init__(self, client: EventClient, options: EventOptions, identity: RunIdentity, log: logging.Logger) -> None:
        super().__init__(client, options, identity, log, partition=options.partition)
        self._options: EventOptions = options
        self._declared = DeclaredColumns(options.schema, event_schema(options.include, DeclaredColumns()).names)
        parts = asked_parts(options.include)
        self._walker: Walker[EventRecord] = self._make_walker(client.events, client.count_events, parts)
        self._lock = threading.Lock()
        self._held: list[tuple[Partition, PartitionFiles, datetime]] = []

    def run(self) -> dict[str, Any]:
        """Export, and return the summary.

        :raises CleverTapError: when it cannot be completed. Finished partitions stay; the others are as before.
        """
        self._options.check_not_future(datetime.now(UTC))
        self._output.prepare()
        pending = self._pending(self._event_names(self._options.events))
        self._run_jobs([partial(self._run_job, job) for job in plan_jobs(pending, self._options)])
        self._check_not_empty(self.counts.rows)
        for partition, files, asked_at in self._held:
            self._replace(partition, files, asked_at)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Return what has been done so far."""
        partitions = all_partitions("", self._options, self._output.directory).values()
        return self._summarize(partitions, not_exportable=self.not_exportable)

    def _pending(self, events: list[str]) -> dict[str, dict[date, Partition]]:
        """Return the partitions that have to be filled."""
        wanted = {event: all_partitions(event, self._options, self._output.directory) for event in events}
        unfinished = self._unfinished([partition for days in wanted.values() for partition in days.values()])
        places = set(map(id, unfinished))
        return {
            event: {day: partition for day, partition in days.items() if id(partition) in places}
            for event, days in wanted.items()
        }

    def _run_job(self, job: Job) -> None:
        if self._is_left_out(job.event):
            return
        try:
            finished = self._fill(job)
        except UndatedEventsError:
            for single in single_days(job):
                self._run_job(single)
            return
        except (NotExportableError, RejectedReadError) as error:
            self._leave_out(job.event, error)
            return
        try:
            for day, files in finished.files.items():
                self._publish(job.partitions[day], files, finished.asked_at)
        except BaseException:
            for files in finished.files.values():
                files.discard_unpublished()
            raise
        self.counts.add(finished.unfit, **finished.counts)

    def _fill(self, job: Job) -> FinishedFiles:
        options = self._options
        columns = EventColumns(job.event, options.zone, options.include, self._declared)

        def make_files(day: date) -> PartitionFiles:
            return self._make_files(job.partitions[day], columns.schema)

        return EventJob(job, self._walker, options, columns=columns, make_files=make_files).run()

    def _publish(self, partition: Partition, files: PartitionFiles, asked_at: datetime) -> None:
        if files.rows == 0 and self._options.on_empty == "fail":
            with self._lock:
                self._held.append((partition, files, asked_at))
            return
        super()._publish(partition, files, asked_at)
