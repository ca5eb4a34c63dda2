"""What a load leaves behind for people: the rejects file and the report."""

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
    """The files of one load.

    :param source: the load's.
    :param options: the load's; they say where the files go.
    :param summary: the load's; it is told where they are.
    :param log: told when one of them cannot be kept.
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
        """Give the rejects file.

        :raises ConfigurationError: when it cannot be written where it is to go.
        :raises StorageUnavailableError: when the storage keeps failing.
        """
        source, options = self._source, self._options
        self._rejects = self._patiently(
            lambda: RejectsFile(
                options.rejects_path, nested=source.nested, many_files=source.many_files, mode=options.artifacts_mode
            )
        )
        return self._rejects

    def keep_rejects(self) -> None:
        """Put the whole rejects file in its place, and read it there: it must have the rows that the summary tells of.

        :raises StorageUnavailableError: when the storage keeps failing, or has other rows.
        """
        rejects = self._rejects
        if rejects is None or self._options.rejects_path is None:
            return
        self._patiently(rejects.close)
        found = self._patiently(rejects.published_rows)
        if found != self._summary.rejects_rows:
            raise StorageUnavailableError(
                f"The rejects file {rejects.path or self._options.rejects_path} has {found} rows, and "
                f"{self._summary.rejects_rows} belong in it: the storage has lost some, or another task writes to the "
                "same file. A later attempt makes it again and sends nothing twice."
            )
        if not found:
            self._patiently(rejects.remove_earlier)

    def leave(
        self,
        lines: OrderLines | None,
        mappings: Mapping[str, Mapping[str, Any] | None],
        failure: BaseException | None,
        *,
        ours: bool,
    ) -> None:
        """Leave the files, whatever became of the load.

        :param lines: how rows made one record, if they did.
        :param mappings: what the user said of columns, by the option's name.
        :param failure: what the load failed of.
        :param ours: nobody else has taken the load over; else the files are for the other try to write.
        """
        if self._rejects is not None:
            self._leave_rejects(self._rejects, ours=ours)
        if self._options.report_path is None or not ours:
            return
        self._summary.report_path = str(self._options.report_path)
        try:
            write_report(
                self._options.report_path,
                source=self._source.name,
                summary=self._summary,
                mappings={**mappings, "items": None if lines is None else lines.items},
                group_by=None if lines is None else lines.group_by,
                failure=None if failure is None else _told(failure),
                mode=self._options.artifacts_mode,
            )
        except Exception as error:  # the report is a courtesy: it must not fail a load, nor hide why one failed
            self._summary.report_path = None
            self._log.warning("The report was not written: %s", escape_unprintable(error))

    def _leave_rejects(self, rejects: RejectsFile, *, ours: bool) -> None:
        try:
            if ours:
                rejects.close()
        except CleverTapError as error:  # a load that ends early has failed of something else, or of this
            self._log.warning("%s", error)
        rejects.discard()
        self._summary.rejects_path = rejects.path

    def _patiently(self, action: Callable[[], T]) -> T:
        return retry_storage(action, "rejects file", str(self._options.rejects_path), self._log, self._stopping)


def _told(failure: BaseException) -> str:
    """Say what a load failed of; other libraries' messages may quote what they choke on, so they are left out."""
    name = type(failure).__name__
    return f"{name}: {failure}" if isinstance(failure, CleverTapError) else name
