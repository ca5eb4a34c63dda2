"""The runs of a cloud export. Nothing marks a run as complete, so it is when its files have not changed for a while."""

from __future__ import annotations

import glob
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from airflow_provider_clevertap.exported.cloud.names import CloudFileName, event_part, read_name
from airflow_provider_clevertap.locations import file_system_of, location_name
from airflow_provider_clevertap.storage.directory import changed_time
from airflow_provider_clevertap.storage.errors import storage_errors


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file of a cloud export.

    :param storage: its fsspec file system.
    :param path: its path in the storage.
    :param name: what its name says.
    :param size: its size in bytes.
    :param changed: when it was changed last, as a UNIX time; ``None`` when the storage does not report it.
    """

    storage: Any
    path: str
    name: CloudFileName
    size: int | None
    changed: float | None

    def open(self) -> Any:
        """Open it for reading bytes.

        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.path):
            return self.storage.open(self.path, "rb")


@dataclass(frozen=True, slots=True)
class CloudRun:
    """The files of one run that match.

    :param request: the export in CleverTap's dashboard.
    :param run: the time of the run, in UNIX seconds.
    :param files: its files.
    """

    request: str
    run: int
    files: tuple[FoundFile, ...]

    @property
    def databases(self) -> int:
        """The number of databases that its files come from."""
        return len({file.name.database for file in self.files})


def find_files(location: Any) -> list[FoundFile]:
    """Return all files of cloud exports below a directory or matching a glob, by their paths.

    :param location: a path, a URI, or a path object that carries its storage.
    :raises ConfigurationError: when the storage is not known.
    :raises StorageUnavailableError: when it fails.
    """
    with storage_errors(location_name(location)):
        fs, path = file_system_of(location)
        fs.invalidate_cache()
        found = fs.find(path, detail=True)
        if not found and any(mark in path for mark in "*?["):
            found = {name: info for name, info in fs.glob(path, detail=True).items() if info.get("type") == "file"}
    files = []
    for each, info in found.items():
        name = read_name(str(each).rpartition("/")[2])
        if name is not None:
            files.append(FoundFile(fs, str(each), name, info.get("size"), changed_time(info)))
    return sorted(files, key=lambda file: file.path)


def find_runs(
    location: Any, *, kind: Literal["events", "profiles"] = "events", event: str | None = None, day: str | None = None
) -> list[CloudRun]:
    """Return the runs that have matching files, the latest last.

    :param location: the directory of the export.
    :param kind: ``"events"`` or ``"profiles"``.
    :param event: only files of this event.
    :param day: only files of this day of the project, as ``20261101``.
    :raises StorageUnavailableError: when the storage fails.
    """
    part = None if event is None else event_part(event)
    runs: dict[tuple[int, str], list[FoundFile]] = {}
    for file in find_files(location):
        name = file.name
        if name.kind == kind and part in (None, name.event) and day in (None, name.day):
            runs.setdefault((name.run, name.request), []).append(file)
    return [CloudRun(request, run, tuple(files)) for (run, request), files in sorted(runs.items())]


def pattern_of(location: Any, run: CloudRun, *, event: str | None = None, day: str | None = None) -> str:
    """Return a glob that matches the files of a run."""
    name = f"{run.request}-{run.run}"
    if run.files[0].name.kind == "profiles":
        name = f"*-{name}-*"
    else:
        name += f"-{'*' if event is None else glob.escape(event_part(event))}-{day or '*'}-*"
    return f"{str(location).rstrip('/')}/**/{name}"


class SettledRuns:
    """Decides whether runs are complete: their files have not changed for some time.

    The times that the storage reports decide. Where it reports none, the files have to stay the same between two
    checks.

    :param settle_seconds: how long they must not have changed.
    :param databases: how many databases each run must have files of; ``None`` for any number.
    """

    def __init__(self, settle_seconds: float, databases: int | None = None) -> None:
        self._settle_seconds = settle_seconds
        self._databases = databases
        self._seen: frozenset[tuple[str, int | None, float | None]] = frozenset()
        self._since = 0.0

    def are_complete(self, runs: Iterable[CloudRun], now: float | None = None) -> bool:
        """Return whether there is a run, and all are complete."""
        runs = list(runs)
        now = time.time() if now is None else now
        files = [file for run in runs for file in run.files]
        seen = frozenset((file.path, file.size, file.changed) for file in files)
        if seen != self._seen:
            self._seen, self._since = seen, now
        if not files or (self._databases is not None and any(run.databases < self._databases for run in runs)):
            return False
        times = [file.changed for file in files]
        since = max(times) if None not in times else self._since  # type: ignore[type-var]
        return now - (since or 0.0) >= self._settle_seconds


def read_day(day: Any) -> str | None:
    """Return a day as names of files have it: ``20261101`` for a date, ``2026-11-01`` or ``20261101``."""
    if day is None:
        return None
    text = f"{day:%Y%m%d}" if isinstance(day, datetime) else str(day).strip()
    return text[:10].replace("-", "")
