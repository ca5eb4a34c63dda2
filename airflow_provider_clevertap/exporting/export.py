"""What exports of all kinds have in common: running jobs, replacing partitions, stopping, and progress in the log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, Final, Protocol

from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.exceptions import (
    ConfigurationError,
    LoadStoppedError,
    NotExportableError,
    escape_unprintable,
)
from airflow_provider_clevertap.exported.manifests import PartitionManifest
from airflow_provider_clevertap.exporting.files.output import Output, Partition
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.options import ALL_EVENTS, ExportOptions
from airflow_provider_clevertap.exporting.stopping import WalkControls
from airflow_provider_clevertap.exporting.summary import Counts
from airflow_provider_clevertap.storage.retry import retry_storage

#: A part of what CleverTap answers for an event that it does not have.
_UNKNOWN_EVENT: Final = "invalid event"
#: Seconds between two lines about the progress.
_PROGRESS_SECONDS: Final = 30.0


class Client(Protocol):
    """What every export needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    account_id: str
    base_url: str

    def event_names(self, *, policy: ReadPolicy) -> list[str]:
        """Return the names of all events."""


class Export:
    """One export; base class of the exports of events and profiles.

    :param client: makes the requests.
    :param output: where it is written.
    :param options: its options.
    :param log: for the progress and for warnings.
    """

    def __init__(self, client: Client, output: Output, options: ExportOptions, log: logging.Logger) -> None:
        self._client = client
        self._output = output
        self._options = options
        self._log = log
        self._names_lock = threading.Lock()
        self._left_out: list[str] = []
        self._skips_not_exportable = False
        self._stopped = threading.Event()
        self._controls = WalkControls()
        self.counts = Counts()

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

    @property
    def not_exportable(self) -> list[str]:
        """The events that CleverTap does not export, and that were left out."""
        with self._names_lock:
            return sorted(self._left_out)

    def _event_names(self, events: Sequence[str] | str) -> list[str]:
        """Return the names of the events to export; all of the account for ``"*"``."""
        self._skips_not_exportable = self._options.skips_not_exportable(events)
        if events != ALL_EVENTS:
            return list(events)
        self.counts.add(requests=1)
        return self._client.event_names(policy=ReadPolicy(stopping=self._stopped))

    def _is_left_out(self, event: str) -> bool:
        with self._names_lock:
            return event in self._left_out

    def _leave_out(self, event: str, error: NotExportableError | RejectedReadError) -> None:
        """Leave out an event that CleverTap does not export.

        :raises CleverTapError: when it must not be left out, or was rejected for another reason.
        """
        unknown = isinstance(error, RejectedReadError) and _UNKNOWN_EVENT in error.error.lower()
        if self._skips_not_exportable and (unknown or isinstance(error, NotExportableError)):
            with self._names_lock:
                if event not in self._left_out:
                    self._left_out.append(event)
                    self._log.warning("Event %r is left out: %s", event, error)
            return
        if unknown:
            raise ConfigurationError(f"CleverTap has no event {event!r}: {error}. Names are case-sensitive.") from None
        raise NotExportableError(f"Event {event!r}: {error}") if isinstance(error, NotExportableError) else error

    def _run_jobs(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Run jobs, as many at a time as there may be requests in flight. The first failure stops the others.

        :raises CleverTapError: the first failure.
        """
        with ThreadPoolExecutor(self._options.max_in_flight, "clevertap-export") as pool:
            running = [pool.submit(self._run_unless_stopped, job) for job in jobs]
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

    def _run_unless_stopped(self, job: Callable[[], None]) -> None:
        if self._controls.stopping.is_set():
            raise LoadStoppedError("The export was stopped.")
        job()

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
