"""Writes and publishes the files of a load: the rejects file and the report."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from airflow_provider_clevertap.exceptions import CleverTapError, StorageUnavailableError, escape_unprintable
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.artifacts.report import write_report
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.record_kinds import OrderLines
from airflow_provider_clevertap.loading.rows.block import Source
from airflow_provider_clevertap.loading.storage.retry import retry_storage

T = TypeVar("T")


class Artifacts:
    """The rejects file and the report of one load.

    :param source: the load's source.
    :param options: the load's options, with the locations of the files.
    :param summary: the load's summary; the locations of written files are added to it.
    :param log: the log for files that cannot be written.
    :param stopping: set when the load is to end.
    """

    def __init__(
        self, source: Source, options: LoadOptions, summary: Summary, log: logging.Logger, stopping: threading.Event
    ) -> None:
        self._source = source
        self._options = options
        self._summary = summary
        self._log = log
        self._stopping = stopping
        self._rejects: RejectsFile | None = None

    def open_rejects(self) -> RejectsFile:
        """Return the rejects file.

        :raises ConfigurationError: when it cannot be written at its location.
        :raises StorageUnavailableError: when the storage keeps failing.
        """
        source, options = self._source, self._options
        self._rejects = self._retry(
            lambda: RejectsFile(
                options.rejects_path, nested=source.nested, many_files=source.many_files, mode=options.artifacts_mode
            )
        )
        return self._rejects

    def publish_rejects(self) -> None:
        """Publish the complete rejects file, and read it back: it must have as many rows as the summary counts.

        :raises StorageUnavailableError: when the storage keeps failing, or the file has another number of rows.
        """
        rejects = self._rejects
        if rejects is None or self._options.rejects_path is None:
            return
        self._retry(rejects.publish)
        rows = self._retry(rejects.published_rows)
        if rows != self._summary.rejects_rows:
            raise StorageUnavailableError(
                f"The rejects file {rejects.path or self._options.rejects_path} has {rows} rows, and "
                f"{self._summary.rejects_rows} were written: the storage has lost some, or another task writes to the "
                "same file. A later attempt writes it again and sends nothing twice."
            )
        if not rows:
            self._retry(rejects.remove_earlier)

    def close(
        self,
        lines: OrderLines | None,
        mappings: Mapping[str, Mapping[str, Any] | None],
        failure: BaseException | None,
        *,
        owned: bool,
    ) -> None:
        """Publish what there is, however the load ended, and delete temporary files.

        :param lines: how several rows make one record, if they do.
        :param mappings: what the user configured for columns, by the option's name.
        :param failure: why the load failed, if it did.
        :param owned: no other attempt has taken the load over; otherwise that attempt writes the files.
        """
        if self._rejects is not None:
            self._close_rejects(self._rejects, owned=owned)
        if self._options.report_path is None or not owned:
            return
        self._summary.report_path = str(self._options.report_path)
        try:
            write_report(
                self._options.report_path,
                source=self._source.name,
                summary=self._summary,
                mappings={**mappings, "items": None if lines is None else lines.items},
                group_by=None if lines is None else lines.group_by,
                failure=None if failure is None else _failure_text(failure),
                mode=self._options.artifacts_mode,
            )
        except Exception as error:  # a missing report must not fail a load, nor hide why the load failed
            self._summary.report_path = None
            self._log.warning("The report was not written: %s", escape_unprintable(error))

    def _close_rejects(self, rejects: RejectsFile, *, owned: bool) -> None:
        try:
            if owned:
                rejects.publish()
        except CleverTapError as error:  # the load has failed already, because of this or for another reason
            self._log.warning("%s", error)
        rejects.discard()
        self._summary.rejects_path = rejects.path

    def _retry(self, action: Callable[[], T]) -> T:
        return retry_storage(action, "rejects file", str(self._options.rejects_path), self._log, self._stopping)


def _failure_text(failure: BaseException) -> str:
    """Return why a load failed. Messages of other libraries are left out, because they may quote row data."""
    name = type(failure).__name__
    return f"{name}: {failure}" if isinstance(failure, CleverTapError) else name
