"""Find the partitions of an output and the files that their manifests name."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.exported.layout import MANIFEST_NAME
from airflow_provider_clevertap.exported.manifests import PartitionManifest, is_of_partition, read_manifest
from airflow_provider_clevertap.exported.project_time import read_time
from airflow_provider_clevertap.locations import join_path, location_name
from airflow_provider_clevertap.storage.directory import Directory

#: The names of directories below an output: those of events, and those of partitions.
_DIRECTORIES: Final = ("event=", "date=", "window=", "snapshot=")
#: What a template renders to that has no value.
_NOT_GIVEN: Final = ("", "none", "null")


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
    events: Collection[str] | str | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    only_complete: bool = False,
) -> list[ExportedPartition]:
    """Return the partitions of an output, in the order of their names.

    :param output: the directory of an export, or of one event or partition in it.
    :param events: only these events: a name, names, or ``"*"`` for all.
    :param start: only partitions that begin on this day of the project, or at this instant, or later.
    :param end: only partitions that begin before this day or instant.
    :param only_complete: only partitions whose time was over when they were exported.
    :raises ConfigurationError: when ``events``, ``start`` or ``end`` cannot be used.
    :raises SourceError: when there is no export.
    :raises StorageUnavailableError: when the storage fails.
    """
    directory = Directory(output)
    names = _names(events)
    first, last = _bound("start", start), _bound("end", end)
    found = list(_walk(directory))
    if not found and directory.read(MANIFEST_NAME) is None:
        raise SourceError(f"{directory.name}: there is no export here. Check the path, and that the export has run.")
    return [
        partition
        for partition in found
        if (names is None or names & set(partition.manifest.events))
        and (first is None or not _begins_before(partition.manifest, first))
        and (last is None or _begins_before(partition.manifest, last))
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
        if "snapshot=" in str(partition.location)
    }
    wanted = max(found, default="") if day is None else str(day)[:10]
    if wanted not in found:
        which = "no snapshot" if day is None else f"no snapshot of {wanted}"
        raise SourceError(f"{location_name(output)}: there is {which}. Check the path, and that the export has run.")
    return found[wanted]


def _names(events: Any) -> set[str] | None:
    """Return the names of events; ``None`` for all of them.

    :raises ConfigurationError: when they are no names.
    """
    if isinstance(events, str) and events.lstrip().startswith("["):  # a list that a template has rendered
        try:
            events = json.loads(events)
        except ValueError:
            if "'" in events or '"' in events:
                raise ConfigurationError(
                    "events is the text of a list. Write {{ ... | tojson }} in the template, or give the list itself."
                ) from None
    if events is None or events == "*" or (isinstance(events, str) and events.strip().lower() in _NOT_GIVEN):
        return None
    names = [events] if isinstance(events, str) else events
    if not isinstance(names, Collection) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f'events must be the name of an event, a list of names, or "*", not {events!r}.')
    return set(names)


def _bound(name: str, value: Any) -> date | datetime | None:
    given = value is not None and not (isinstance(value, str) and value.strip().lower() in _NOT_GIVEN)
    return read_time(name, value) if given else None


def _begins_before(manifest: PartitionManifest, bound: date | datetime) -> bool:
    """Return whether a partition begins before an instant, or before a day of the project."""
    try:
        begin = datetime.fromisoformat(manifest.start)  # it has the project's offset
    except (TypeError, ValueError):
        raise SourceError(f"A manifest has the start {manifest.start!r}, which is no time. Export it again.") from None
    return begin < bound if isinstance(bound, datetime) else begin.date() < bound


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
