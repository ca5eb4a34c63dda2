"""Export events: check everything, plan the jobs, carry them out with a few requests in flight, replace partitions."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

from airflow_provider_clevertap.api.read_calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    ConfigurationError,
    ExportError,
    LoadStoppedError,
    NotExportableError,
    escape_unprintable,
)
from airflow_provider_clevertap.exported.manifests import OutputManifest, PartitionManifest
from airflow_provider_clevertap.exporting.columns.declared import DeclaredColumns
from airflow_provider_clevertap.exporting.columns.event_columns import EventColumns, asked_parts, event_schema
from airflow_provider_clevertap.exporting.event_job import EventClient, EventJob, Filled, UndatedEventsError
from airflow_provider_clevertap.exporting.files.output import Output, Partition, RunIdentity
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.options import ALL_EVENTS, ExportOptions
from airflow_provider_clevertap.exporting.plan import Job, all_partitions, plan_jobs, single_days
from airflow_provider_clevertap.exporting.stopping import WalkControls
from airflow_provider_clevertap.exporting.summary import Counts
from airflow_provider_clevertap.storage.retry import retry_storage

#: A part of what CleverTap answers for an event that it does not have.
_UNKNOWN_EVENT: Final = "invalid event"
#: Threads that look at directories before the first request.
_LOOKING_THREADS: Final = 8
#: Seconds between two lines about the progress.
_PROGRESS_SECONDS: Final = 30.0


class ExportClient(EventClient, Protocol):
    """What an export needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    account_id: str
    base_url: str

    def event_names(self, *, policy: ReadPolicy) -> list[str]:
        """Return the names of all events."""


class EventExport:
    """One export of events.

    :param client: makes the requests.
    :param options: the options.
    :param identity: which run and attempt of a task this is.
    :param log: for the progress and for warnings.
    """

    def __init__(
        self, client: ExportClient, options: ExportOptions, identity: RunIdentity, log: logging.Logger
    ) -> None:
        self._client = client
        self._options = options
        self._identity = identity
        self._log = log
        self._declared = DeclaredColumns(options.schema, event_schema(options.include, DeclaredColumns()).names)
        self._parts = asked_parts(options.include)
        self._controls = WalkControls()
        self._lock = threading.Lock()
        self._not_exportable: list[str] = []
        self._held: list[tuple[Partition, PartitionFiles, datetime]] = []
        self.counts = Counts()
        manifest = OutputManifest(
            kind="events",
            account=client.account_id,
            service=client.base_url,
            timezone=options.zone.key,
            partition=options.partition,
            query=options.query,
        )
        self._output = Output(
            options.output, manifest, identity, zone=options.zone, mode=options.artifacts_mode, log=log
        )

    def stop(self) -> None:
        """Stop the export within a second; :meth:`run` then raises ``LoadStoppedError``."""
        self._controls.stop()

    def run(self) -> dict[str, Any]:
        """Export, and return the summary.

        :raises CleverTapError: when it cannot be completed. Finished partitions stay; the others are as before.
        """
        self._options.check_not_future(datetime.now(UTC))
        self._output.prepare()
        events = self._event_names()
        pending = self._pending(events)
        self._run_jobs(plan_jobs(pending, self._options))
        if self._options.on_empty == "fail" and self.counts.rows == 0:
            raise ExportError("CleverTap has no events for this export, and on_empty='fail'. Nothing was replaced.")
        for partition, files, asked_at in self._held:
            self._replace(partition, files, asked_at)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Return what has been done so far."""
        options = self._options
        partitions = all_partitions("", options, self._output.directory).values()
        return {
            "kind": "events",
            **self.counts.to_dict(),
            "output": self._output.directory.name,
            "manifest": self._output.manifest_name,
            "from": min(each.start for each in partitions).astimezone(options.zone).isoformat(),
            "to": max(each.end for each in partitions).astimezone(options.zone).isoformat(),
            "timezone": options.zone.key,
            "not_exportable": sorted(self._not_exportable),
        }

    def _event_names(self) -> list[str]:
        if self._options.events != ALL_EVENTS:
            return list(self._options.events)
        policy = ReadPolicy(stopping=self._controls.stopping)
        self.counts.add(requests=1)
        return self._client.event_names(policy=policy)

    def _pending(self, events: list[str]) -> dict[str, dict[date, Partition]]:
        """Return the partitions that have to be filled, and count those that an earlier attempt has filled."""
        wanted = {event: all_partitions(event, self._options, self._output.directory) for event in events}
        looked = [(event, day, partition) for event, days in wanted.items() for day, partition in days.items()]
        with ThreadPoolExecutor(_LOOKING_THREADS, "clevertap-export-looking") as pool:
            existing = list(pool.map(lambda each: self._output.existing(each[2]), looked))
        pending: dict[str, dict[date, Partition]] = {event: {} for event in events}
        for (event, day, partition), manifest in zip(looked, existing, strict=True):
            if manifest is not None and self._output.is_done(manifest):
                self._count_partition(manifest, resumed=1)
            else:
                pending[event][day] = partition
        if self.counts.resumed:
            self._log.info("%s partitions are finished already, by an earlier attempt", f"{self.counts.resumed:,}")
        return pending

    def _run_jobs(self, jobs: list[Job]) -> None:
        with ThreadPoolExecutor(self._options.max_in_flight, "clevertap-export") as pool:
            running = [pool.submit(self._run_job, job) for job in jobs]
            finished = wait(running, _PROGRESS_SECONDS, FIRST_EXCEPTION)
            while finished.not_done and not any(future.exception() for future in finished.done):
                self._log_progress()
                finished = wait(running, _PROGRESS_SECONDS, FIRST_EXCEPTION)
            if finished.not_done:
                self._controls.stop()
                for future in running:
                    future.cancel()
        errors = [error for future in running if not future.cancelled() and (error := future.exception()) is not None]
        # A stopped walk is a consequence of the failure of another.
        causes = [error for error in errors if not isinstance(error, LoadStoppedError)] or errors
        if causes:
            raise causes[0]

    def _run_job(self, job: Job) -> None:
        if self._controls.stopping.is_set():
            raise LoadStoppedError("The export was stopped.")
        with self._lock:
            if job.event in self._not_exportable:
                return
        try:
            filled = self._fill(job)
        except UndatedEventsError:
            for single in single_days(job):
                self._run_job(single)
            return
        except (NotExportableError, RejectedReadError) as error:
            self._skip_or_raise(job.event, error)
            return
        try:
            for day, files in filled.files.items():
                self._publish(job.partitions[day], files, filled.asked_at)
        except BaseException:
            for files in filled.files.values():
                files.discard_unpublished()
            raise
        self.counts.add(filled.unfit, **filled.counts)

    def _fill(self, job: Job) -> Filled:
        options = self._options
        columns = EventColumns(job.event, options.zone, options.include, self._declared)

        def make_files(day: date) -> PartitionFiles:
            return PartitionFiles(
                job.partitions[day].directory,
                columns.schema,
                file_format=options.file_format,
                max_rows=options.max_rows_per_file,
                run=self._identity.run,
                attempt=self._identity.attempt,
            )

        return EventJob(
            job,
            self._client,
            options,
            columns=columns,
            parts=self._parts,
            make_files=make_files,
            controls=self._controls,
            counts=self.counts,
        ).run()

    def _skip_or_raise(self, event: str, error: CleverTapError) -> None:
        unknown = isinstance(error, RejectedReadError) and _UNKNOWN_EVENT in error.error.lower()
        if self._options.skips_not_exportable and (unknown or isinstance(error, NotExportableError)):
            with self._lock:
                if event not in self._not_exportable:
                    self._not_exportable.append(event)
                    self._log.warning("Event %r is left out: %s", event, error)
            return
        if unknown:
            raise ConfigurationError(f"CleverTap has no event {event!r}: {error}. Names are case-sensitive.") from None
        raise type(error)(f"Event {event!r}: {error}") if isinstance(error, NotExportableError) else error

    def _publish(self, partition: Partition, files: PartitionFiles, asked_at: datetime) -> None:
        if files.rows == 0 and self._options.on_empty == "fail":
            with self._lock:
                self._held.append((partition, files, asked_at))
            return
        if files.rows == 0 and self._options.on_empty == "skip" and self._output.existing(partition) is None:
            return
        self._replace(partition, files, asked_at)

    def _replace(self, partition: Partition, files: PartitionFiles, asked_at: datetime) -> None:
        replacement = retry_storage(
            lambda: self._output.replace(partition, files, asked_at),
            "export",
            partition.directory.name,
            self._log,
            self._controls.stopping,
        )
        if replacement.superseded:
            self.counts.add(superseded=1)
            self._log.warning(
                "%s was replaced meanwhile by another export, which asked CleverTap later: its rows stay",
                escape_unprintable(partition.directory.name),
            )
        self._count_partition(replacement.manifest)

    def _count_partition(self, manifest: PartitionManifest, **more: int) -> None:
        empty = int(manifest.rows == 0)
        self.counts.add(rows=manifest.rows, files=len(manifest.files), partitions=1, empty=empty, **more)

    def _log_progress(self) -> None:
        counts = self.counts
        self._log.info(
            "%s rows received, %s partitions replaced, %s rows/s",
            f"{counts.received:,}",
            f"{counts.partitions:,}",
            f"{counts.received / max(counts.seconds, 0.001):,.0f}",
        )
