"""What exports of all kinds have in common: running jobs, replacing partitions, stopping, and progress in the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol

import pyarrow as pa

from airflow_provider_clevertap.exceptions import ExportError, LoadStoppedError, escape_unprintable
from airflow_provider_clevertap.exported.manifests import OutputManifest, PartitionManifest
from airflow_provider_clevertap.exporting.files.output import Output, Partition, RunIdentity
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.options import OutputOptions
from airflow_provider_clevertap.exporting.summary import Counts
from airflow_provider_clevertap.exporting.walks.stopping import WalkControls
from airflow_provider_clevertap.loading.outcomes.rate_series import RateSeries
from airflow_provider_clevertap.storage.retry import retry_storage

#: Threads that list directories before the first request.
_LISTING_THREADS: Final = 8
#: Seconds between two lines about the progress.
_PROGRESS_SECONDS: Final = 30.0
#: Seconds between two reports of the progress.
_REPORT_SECONDS: Final = 10.0
#: Seconds after which it is checked again whether a line or a report is due.
_TICK_SECONDS: Final = 2.0


class AccountClient(Protocol):
    """What every export needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    account_id: str
    base_url: str


class Export:
    """One export; base class of all.

    :param client: makes the requests.
    :param options: its options.
    :param identity: which run and attempt of a task this is.
    :param log: for the progress and for warnings.
    :param partition: what a partition is: ``day``, ``interval`` or ``snapshot``.
    :param query: the filters, which all exports to one output have in common.
    """

    #: what is exported, as the manifest and the summary name it
    kind: ClassVar[str]

    def __init__(
        self,
        client: AccountClient,
        options: OutputOptions,
        identity: RunIdentity,
        log: logging.Logger,
        *,
        partition: str,
        query: Mapping[str, Any],
    ) -> None:
        manifest = OutputManifest(
            kind=self.kind,
            account=client.account_id,
            service=client.base_url,
            timezone=options.zone.key,
            partition=partition,
            query=query,
        )
        self._output = Output(
            options.output, manifest, identity, zone=options.zone, mode=options.artifacts_mode, log=log
        )
        self._options = options
        self._identity = identity
        self._log = log
        self._stopped = threading.Event()
        self._controls = WalkControls()
        self.counts = Counts()
        #: called now and then while the export runs; it must not wait
        self.on_progress: Callable[[], None] | None = None
        self._rate = RateSeries()
        self._report_due = time.monotonic()
        self._line_due = time.monotonic() + _PROGRESS_SECONDS

    def stop(self) -> None:
        """Stop the export within a second; :meth:`run` then raises ``LoadStoppedError``."""
        self._stopped.set()
        self._controls.stop()

    def _restart_walks(self) -> None:
        """Make new walks possible after :meth:`_run_jobs` has failed, unless the export was stopped."""
        self._controls = WalkControls()
        if self._stopped.is_set():
            self._controls.stop()

    def run(self) -> dict[str, Any]:
        """Export, and return the summary.

        :raises CleverTapError: when it cannot be completed. Finished partitions stay; the others are as before.
        """
        raise NotImplementedError

    def summary(self) -> dict[str, Any]:
        """Return what has been done so far."""
        raise NotImplementedError

    def _summarize(self, partitions: Iterable[Partition], **more: Any) -> dict[str, Any]:
        """Return what every summary has.

        :param partitions: all partitions of the export.
        :param more: what only this kind of export counts.
        """
        partitions, zone = list(partitions), self._options.zone
        return {
            "kind": self.kind,
            **self.counts.to_dict(),
            "output": self._output.directory.name,
            "manifest": self._output.manifest_name,
            "from": min(each.start for each in partitions).astimezone(zone).isoformat(),
            "to": max(each.end for each in partitions).astimezone(zone).isoformat(),
            "timezone": zone.key,
            **more,
        }

    def rate(self) -> list[list[float | int]]:
        """Return pairs of the seconds and the rows that CleverTap had returned until then."""
        self._rate.add(self.counts.seconds, self.counts.received)
        return self._rate.points()

    def _unfinished(self, partitions: Sequence[Partition]) -> list[Partition]:
        """Return the partitions that have to be filled, and count those that an earlier attempt has filled.

        :raises ConfigurationError: when the directory of one holds files of somebody else.
        """
        with ThreadPoolExecutor(_LISTING_THREADS, "clevertap-export-listing") as pool:
            existing = list(pool.map(self._output.existing, partitions))
        unfinished = []
        for partition, manifest in zip(partitions, existing, strict=True):
            if manifest is not None and self._output.is_done(manifest):
                self._count_partition(manifest, resumed=1)
            else:
                unfinished.append(partition)
        if self.counts.resumed:
            self._log.info("%s partitions are finished already, by an earlier attempt", f"{self.counts.resumed:,}")
        return unfinished

    def _run_jobs(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Run jobs, as many at a time as there may be requests in flight. The first failure stops the others.

        :raises CleverTapError: the first failure.
        """
        with ThreadPoolExecutor(self._options.max_in_flight, "clevertap-export") as pool:
            running = [pool.submit(self._run_unless_stopped, job) for job in jobs]
            finished = wait(running, _TICK_SECONDS, FIRST_EXCEPTION)
            while finished.not_done and not any(future.exception() for future in finished.done):
                self._tick()
                finished = wait(running, _TICK_SECONDS, FIRST_EXCEPTION)
            if finished.not_done:
                self._controls.stop()
                for future in running:
                    future.cancel()
        errors = [error for future in running if not future.cancelled() and (error := future.exception()) is not None]
        # A stopped walk is a consequence of the failure of another.
        causes = [error for error in errors if not isinstance(error, LoadStoppedError)] or errors
        if causes:
            raise causes[0]

    def _run_unless_stopped(self, job: Callable[[], None]) -> None:
        if self._controls.stopping.is_set():
            raise LoadStoppedError("The export was stopped.")
        job()

    def _make_files(self, partition: Partition, schema: pa.Schema) -> PartitionFiles:
        """Return the files for the rows of a partition; nothing is written yet."""
        return PartitionFiles(
            partition.directory,
            schema,
            file_format=self._options.file_format,
            max_rows=self._options.max_rows_per_file,
            run=self._identity.run,
            attempt=self._identity.attempt,
        )

    def _check_not_empty(self, rows: int) -> None:
        """Check before anything is replaced whether the export may be without rows.

        :raises ExportError: when there are no rows, and ``on_empty="fail"``.
        """
        if rows == 0 and self._options.on_empty == "fail":
            raise ExportError(
                f"CleverTap has no {self.kind} for this export, and on_empty='fail'. Nothing was replaced."
            )

    def _publish(self, partition: Partition, files: PartitionFiles, asked_at: datetime) -> None:
        """Replace a partition by finished files; with ``on_empty="skip"``, create no empty one.

        :raises StorageUnavailableError: when the storage keeps failing.
        """
        is_skipped = files.rows == 0 and self._options.on_empty == "skip"
        if not (is_skipped and self._output.existing(partition) is None):
            self._replace(partition, files, asked_at)

    def _replace(self, partition: Partition, files: PartitionFiles, asked_at: datetime) -> None:
        """Replace a partition by finished files.

        :raises StorageUnavailableError: when the storage keeps failing.
        """
        replacement = retry_storage(
            lambda: self._output.replace(partition, files, asked_at),
            "export",
            partition.directory.name,
            self._log,
            self._controls.stopping,
            then="Partitions that are finished stay, the others are as they were; a later attempt exports these.",
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

    def _tick(self) -> None:
        """Log a line when one is due, and report when that is due."""
        now = time.monotonic()
        self._rate.add(self.counts.seconds, self.counts.received)
        if self.on_progress is not None and now >= self._report_due:
            self._report_due = now + _REPORT_SECONDS
            self.on_progress()
        if now >= self._line_due:
            self._line_due = now + _PROGRESS_SECONDS
            self._log_progress()

    def _log_progress(self) -> None:
        counts = self.counts
        self._log.info(
            "%s rows received, %s partitions replaced, %s rows/s",
            f"{counts.received:,}",
            f"{counts.partitions:,}",
            f"{counts.received / max(counts.seconds, 0.001):,.0f}",
        )
