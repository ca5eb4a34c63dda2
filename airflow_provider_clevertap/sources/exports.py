"""Sources that read what came out of CleverTap: exports of this package, and cloud exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_clevertap.sources.described import FileSource

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from airflow_provider_clevertap.exported.partitions import ExportedPartition

__all__ = [
    "CloudExportSource",
    "ExportedEventsSource",
    "ExportedMessagesSource",
    "ExportedProfilesSource",
    "ExportedSource",
]


@dataclass(repr=False)
class ExportedSource(FileSource):
    """What an export has written: the files that the manifests name, and no others.

    A glob over the same directory would also match files of the previous generation, which stay until the next export
    of their partition, and files of an export that is running.

    :param path: the ``output`` of the export: a path, URI or object path. Templated.
    """

    def partitions(self) -> list[ExportedPartition]:
        """Return the partitions, each with its manifest and the locations of its files.

        :raises SourceError: when there is no export.
        """
        raise NotImplementedError

    def files(self) -> list[Any]:
        """Return the locations of all files.

        :raises SourceError: when there is no export.
        """
        return [file for partition in self.partitions() for file in partition.files]

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a DataFrame, with the types of the export.

        :raises SourceError: when there is no export, or a file cannot be read.
        """
        from airflow_provider_clevertap.exported.tables import read_table

        return read_table(self.partitions()).to_pandas()  # type: ignore[no-any-return]


@dataclass(repr=False)
class ExportedEventsSource(ExportedSource):
    """What ``CleverTapExportEventsOperator`` has written: the files that the manifests name, and no others.

    .. code-block:: python

        frame = ExportedEventsSource("/data/clevertap/events", events=["Charged"], start="2026-11-01").to_pandas()

    :param path: the ``output`` of the export: a path, URI or object path. Templated.
    :param events: only these events: a name, a list of names, or ``"*"`` for all. May be JSON text. Templated.
    :param start: only partitions that begin on this day of the project, or at this instant, or later. Templated.
    :param end: only partitions that begin before this day or instant. Templated.
    :param only_complete: only partitions whose time was over when they were exported.
    """

    events: Sequence[str] | str | None = None
    start: date | str | None = None
    end: date | str | None = None
    only_complete: bool = False
    template_fields: ClassVar[Sequence[str]] = ("path", "events", "start", "end")

    def partitions(self) -> list[ExportedPartition]:
        """Return the partitions, each with its manifest and the locations of its files.

        :raises SourceError: when there is no export.
        """
        from airflow_provider_clevertap.exported.partitions import find_partitions

        return find_partitions(
            self.path, events=self.events, start=self.start, end=self.end, only_complete=self.only_complete
        )


@dataclass(repr=False)
class ExportedProfilesSource(ExportedSource):
    """One snapshot that ``CleverTapExportProfilesOperator`` has written.

    :param path: the ``output`` of the export: a path, URI or object path. Templated.
    :param snapshot: the day of the snapshot; default: the latest. Templated.
    """

    snapshot: date | str | None = None
    template_fields: ClassVar[Sequence[str]] = ("path", "snapshot")

    def partitions(self) -> list[ExportedPartition]:
        """Return the snapshot.

        :raises SourceError: when there is no export, or no snapshot of this day.
        """
        from airflow_provider_clevertap.exported.partitions import find_snapshot

        return [find_snapshot(self.path, self.snapshot)]


@dataclass(repr=False)
class ExportedMessagesSource(ExportedSource):
    """What ``CleverTapMessageReportOperator`` has written: the messages with the numbers of their last report.

    :param path: the ``output`` of the report: a path, URI or object path. Templated.
    :param start: only messages of days that begin on this day of the project, or at this instant, or later. Templated.
    :param end: only messages of days that begin before this day or instant. Templated.
    """

    start: date | str | None = None
    end: date | str | None = None
    template_fields: ClassVar[Sequence[str]] = ("path", "start", "end")

    def partitions(self) -> list[ExportedPartition]:
        """Return the partitions, each with its manifest and the locations of its files.

        :raises SourceError: when there is no report.
        """
        from airflow_provider_clevertap.exported.partitions import find_partitions

        return find_partitions(self.path, start=self.start, end=self.end)


@dataclass(repr=False)
class CloudExportSource(FileSource):
    """Files that CleverTap itself writes into a bucket: cloud exports of events or profiles, as JSON, CSV or Parquet.

    Names of files are read, so they must be as CleverTap gives them. Events have the columns of an export by API.
    Profiles have a column of text for each name that occurs.

    :param path: a directory, glob, path or URI, or a list of them, such as the ``uri`` of a run that
        ``CleverTapCloudExportSensor`` returns. Templated.
    :param timezone: the project's time zone. JSON and CSV have local times only: without it, ``ts`` is empty. Parquet
        has instants only: without it, ``ts_local`` is empty. Templated.
    :param include: personal data to add: ``"profile"``, ``"push_token"``.
    """

    timezone: str | None = None
    include: Sequence[str] = ()
    template_fields: ClassVar[Sequence[str]] = ("path", "timezone")

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a DataFrame.

        :raises SourceError: when there are no files, or one cannot be read.
        """
        from airflow_provider_clevertap.exported.cloud.files import read_table

        return read_table(self.path, timezone=self.timezone, include=self.include).to_pandas()  # type: ignore[no-any-return]
