"""The files a load writes for people: the rejects file and the report."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from airflow_provider_clevertap.exceptions import CleverTapError, StorageUnavailableError, escape_unprintable
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.artifacts.report import write_report
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.record_kinds import OrderLines
from airflow_provider_clevertap.loading.rows.block import Source
from airflow_provider_clevertap.storage.retry import retry_storage

T = TypeVar("T")


class RunArtifacts:
    """The files of one load.

    :param source: the load's source.
    :param options: the load's options; they say where the files go.
    :param log: the log for warnings when a file cannot be written.
    :param stopping: set when the load is asked to stop.
    """

    def __init__(self, source: Source, options: LoadOptions, log: logging.Logger, stopping: threading.Event) -> None:
        self._source = source
        self._options = options
        self._log = log
        self._stopping = stopping
        self._rejects: RejectsFile | None = None
        #: where the rejects file is, ``None`` while there is none
        self.rejects_path: str | None = None

    def open_rejects(self) -> RejectsFile:
        """Return the rejects file.

        :raises ConfigurationError: when it cannot be written at its path.
        :raises StorageUnavailableError: when the storage keeps failing.
        """
        source, options = self._source, self._options
        self._rejects = self._retry(
            lambda: RejectsFile(
                options.rejects_path, nested=source.nested, many_files=source.many_files, mode=options.artifacts_mode
            )
        )
        return self._rejects

    def publish_rejects(self, rows: int) -> None:
        """Put the complete rejects file in its place, read it there and count its rows.

        :param rows: how many it must have.
        :raises StorageUnavailableError: when the storage keeps failing, or has another number of rows.
        """
        rejects = self._rejects
        if rejects is None or self._options.rejects_path is None:
            return
        self._retry(rejects.publish)
        found = self._retry(rejects.published_rows)
        if found != rows:
            raise StorageUnavailableError(
                f"The rejects file {rejects.path or self._options.rejects_path} has {found} rows, and {rows} were "
                "written: the storage has lost some, or another task writes to the same file. A later attempt writes "
                "it again and sends nothing twice."
            )
        if not found:
            self._retry(rejects.remove_earlier)

    def close(self, *, is_ours: bool) -> None:
        """Publish what there is of the rejects file, also after a failure.

        :param is_ours: no later attempt has taken the load over; otherwise the files are that attempt's to write.
        """
        rejects = self._rejects
        if rejects is None:
            return
        try:
            if is_ours:
                rejects.publish()
        except CleverTapError as error:  # a load that ends early has failed for another reason, or for this one
            self._log.warning("%s", error)
        rejects.discard()
        self.rejects_path = rejects.path

    def write_report(
        self,
        summary: Summary,
        *,
        lines: OrderLines | None,
        mappings: Mapping[str, Mapping[str, Any] | None],
        failure: BaseException | None,
    ) -> Summary:
        """Write the report, and return the summary with its path where it was written.

        :param summary: the summary.
        :param lines: how several rows made one record, if they did.
        :param mappings: what the user wrote about columns, by the option's name.
        :param failure: why the load failed, ``None`` when it did not.
        """
        path = self._options.report_path
        if path is None:
            return summary
        reported = replace(summary, report_path=str(path))
        try:
            write_report(
                path,
                source=self._source.name,
                summary=reported,
                mappings={**mappings, "items": None if lines is None else lines.items},
                group_by=None if lines is None else lines.group_by,
                failure=None if failure is None else _failure_text(failure),
                mode=self._options.artifacts_mode,
            )
        except Exception as error:  # a missing report must neither fail a load nor hide why one failed
            self._log.warning("The report was not written: %s", escape_unprintable(error))
            return summary
        return reported

    def _retry(self, action: Callable[[], T]) -> T:
        return retry_storage(action, "rejects file", str(self._options.rejects_path), self._log, self._stopping)


def _failure_text(failure: BaseException) -> str:
    """Return why a load failed; messages of other libraries may quote values, so they are left out."""
    name = type(failure).__name__
    return f"{name}: {failure}" if isinstance(failure, CleverTapError) else name
