"""Find the partitions of an output and the files that their manifests name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.exported.layout import MANIFEST_NAME
from airflow_provider_clevertap.exported.manifests import PartitionManifest, is_of_partition, read_manifest
from airflow_provider_clevertap.locations import join_path, location_name
from airflow_provider_clevertap.storage.directory import Directory

#: The names of directories below an output: those of events, and those of partitions.
_DIRECTORIES: Final = ("event=", "date=", "window=", "snapshot=")


@dataclass(frozen=True, slots=True)
class ExportedPartition:
    """One partition, as its manifest says.

    :param location: its directory.
    :param manifest: its manifest.
    """

    location: Any
    manifest: PartitionManifest

    @property
    def files(self) -> list[Any]:
        """The locations of its files."""
        return [join_path(self.location, file.name) for file in self.manifest.files]


def find_partitions(
    output: Any,
    *,
    events: Collection[str] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    only_complete: bool = False,
) -> list[ExportedPartition]:
    """Return the partitions of an output, in the order of their names.

    :param output: the directory of an export, or of one event or partition in it.
    :param events: only these events.
    :param start: only partitions that begin on this day of the project or later.
    :param end: only partitions that begin before this day.
    :param only_complete: only partitions whose time was over when they were exported.
    :raises SourceError: when there is no export.
    :raises StorageUnavailableError: when the storage fails.
    """
    directory = Directory(output)
    first, last = (None if day is None else str(day)[:10] for day in (start, end))
    found = list(_walk(directory))
    if not found and directory.read(MANIFEST_NAME) is None:
        raise SourceError(f"{directory.name}: there is no export here. Check the path, and that the export has run.")
    return [
        partition
        for partition in found
        if (events is None or set(partition.manifest.events) & set(events))
        and (first is None or partition.manifest.start[:10] >= first)
        and (last is None or partition.manifest.start[:10] < last)
        and (partition.manifest.complete or not only_complete)
    ]


def find_snapshot(output: Any, day: date | str | None = None) -> ExportedPartition:
    """Return a snapshot of profiles.

    :param output: the directory of an export of profiles.
    :param day: the day of the snapshot; ``None`` for the latest.
    :raises SourceError: when there is none.
    :raises StorageUnavailableError: when the storage fails.
    """
    found = {
        str(partition.location).rstrip("/").rpartition("snapshot=")[2]: partition
        for partition in _walk(Directory(output))
    }
    wanted = max(found, default="") if day is None else str(day)[:10]
    if wanted not in found:
        which = "no snapshot" if day is None else f"no snapshot of {wanted}"
        raise SourceError(f"{location_name(output)}: there is {which}. Check the path, and that the export has run.")
    return found[wanted]


def _walk(directory: Directory) -> Iterator[ExportedPartition]:
    entries = directory.entries()
    below = sorted(name for name, entry in entries.items() if entry.is_directory and name.startswith(_DIRECTORIES))
    if below:
        for name in below:
            yield from _walk(directory.below(name))
        return
    text = directory.read(MANIFEST_NAME) if MANIFEST_NAME in entries else None
    if text is not None and is_of_partition(text):
        name = f"{directory.name}/{MANIFEST_NAME}"
        yield ExportedPartition(directory.location, read_manifest(PartitionManifest, text, name))
