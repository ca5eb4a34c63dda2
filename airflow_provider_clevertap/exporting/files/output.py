"""The directory of an export: what may be in it, and how a partition in it is replaced.

The files of a new generation are written under names that no other attempt uses, and the manifest that names them is
replaced last. The previous generation stays until the next replacement, so that a reader who has just read the manifest
finds its files. Of two exports that replace one partition, the one that asked CleverTap later wins; each is whole.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, escape_unprintable
from airflow_provider_clevertap.exported.layout import MANIFEST_NAME, day_directory, is_ours, run_of
from airflow_provider_clevertap.exported.manifests import OutputManifest, PartitionManifest, read_manifest, to_text
from airflow_provider_clevertap.exported.project_time import start_of_day
from airflow_provider_clevertap.exporting.files.formats import described
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.storage.directory import Directory

#: Held while a partition's manifest is replaced.
_LOCK_NAME: Final = ".clevertap_export.lock"
#: Files that no manifest names are removed when they are this old: no export writes one file for so long.
_ORPHAN_SECONDS: Final = 86_400.0
#: Fields of the manifest of an output that must not change, with the argument that sets them.
_FIXED: Final[Mapping[str, str]] = {
    "kind": "the kind of records",
    "account": "the account",
    "timezone": "project_timezone",
    "partition": "partition",
    "query": "query",
}


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which run and attempt of a task writes.

    :param run: eight hexadecimal digits, the same for all attempts of one run of a task.
    :param attempt: eight more, which no other attempt has.
    :param try_number: the number of the attempt; 0 outside of a task.
    """

    run: str
    attempt: str
    try_number: int = 0


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of an output.

    :param directory: its directory.
    :param events: the events it is about.
    :param start: the instant at which its time begins.
    :param end: the instant at which it ends; not included.
    """

    directory: Directory
    events: tuple[str, ...]
    start: datetime
    end: datetime

    @classmethod
    def of_day(cls, parent: Directory, day: date, zone: tzinfo, events: tuple[str, ...] = ()) -> Partition:
        """Return the partition of one day of the project.

        :param parent: the directory that has a directory for each day.
        :param day: the day.
        :param zone: the project's time zone.
        :param events: the events it is about.
        """
        start, end = (start_of_day(each, zone) for each in (day, day + timedelta(days=1)))
        return cls(parent.below(day_directory(day)), events, start, end)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What became of a partition.

    :param manifest: its manifest.
    :param superseded: another export that asked CleverTap later has replaced it first; its files stay.
    """

    manifest: PartitionManifest
    superseded: bool = False


class Output:
    """The directory of an export.

    :param location: a path, a URI, or a path object that carries its storage.
    :param manifest: what all of its partitions have in common.
    :param identity: who writes.
    :param zone: the project's time zone, for manifests.
    :param mode: permissions of files on local paths.
    :param log: for files that cannot be removed.
    """

    def __init__(
        self,
        location: Any,
        manifest: OutputManifest,
        identity: RunIdentity,
        *,
        zone: Any,
        mode: int,
        log: logging.Logger,
    ) -> None:
        self.directory = Directory(location, mode)
        self.manifest_name = f"{self.directory.name}/{MANIFEST_NAME}"
        self._manifest = manifest
        self._identity = identity
        self._zone = zone
        self._log = log

    def prepare(self) -> None:
        """Check that the output can be written and holds nothing else, and write its manifest.

        :raises ConfigurationError: when it cannot be written, or belongs to another export or to somebody else.
        :raises StorageUnavailableError: when the storage fails.
        """
        entries = self.directory.entries()
        text = self.directory.read(MANIFEST_NAME)
        if text is None:
            foreign = [name for name in sorted(entries) if not is_ours(name)]
            # Another export may have begun since: it writes its manifest before anything else.
            text = self.directory.read(MANIFEST_NAME) if foreign else None
            if foreign and text is None:
                raise _foreign(self.directory, foreign[0])
        if text is not None:
            before = read_manifest(OutputManifest, text, self.manifest_name)
            # Without a partition it is that of an export that failed, such as one with another account by mistake.
            if any(entry.is_directory and not name.startswith(".") for name, entry in entries.items()):
                self._check_same(before)
        self.directory.write(MANIFEST_NAME, to_text(self._manifest))

    def existing(self, partition: Partition) -> PartitionManifest | None:
        """Check that a partition's directory holds nothing else, and return its manifest, ``None`` when it has none.

        :raises ConfigurationError: when it has files of somebody else, or another event.
        :raises StorageUnavailableError: when the storage fails.
        """
        entries = partition.directory.entries()
        for name, entry in sorted(entries.items()):
            if not is_ours(name) or (entry.is_directory and not name.startswith(".")):
                raise _foreign(partition.directory, name)
        return self._read(partition) if MANIFEST_NAME in entries else None

    def is_done(self, manifest: PartitionManifest) -> bool:
        """Return whether an earlier attempt of this run has written a partition."""
        return manifest.run == self._identity.run and manifest.try_number < self._identity.try_number

    def replace(self, partition: Partition, files: PartitionFiles, asked_at: datetime) -> Replacement:
        """Publish the finished files of a partition, and then the manifest that names them.

        :param partition: the partition.
        :param files: its files.
        :param asked_at: when CleverTap was asked.
        :raises StorageUnavailableError: when the storage fails. May be called again.
        """
        published = files.publish()
        asked = asked_at.astimezone(UTC).isoformat(timespec="milliseconds")
        with self.directory.lock(_LOCK_NAME):
            before = self._read(partition)
            if before is not None and before.attempt != self._identity.attempt and before.asked_at > asked:
                files.discard()
                return Replacement(before, superseded=True)
            repeated = before is not None and before.attempt == self._identity.attempt
            previous = () if before is None else before.previous if repeated else [file.name for file in before.files]
            manifest = PartitionManifest(
                events=partition.events,
                start=partition.start.astimezone(self._zone).isoformat(),
                end=partition.end.astimezone(self._zone).isoformat(),
                complete=asked_at >= partition.end,
                rows=files.rows,
                files=published,
                columns=described(files.schema),
                file_format=files.file_format,
                previous=previous,
                asked_at=asked,
                run=self._identity.run,
                attempt=self._identity.attempt,
                try_number=self._identity.try_number,
                version=_version(),
            )
            partition.directory.write(MANIFEST_NAME, to_text(manifest))
            self._remove_old(partition, manifest, () if before is None or repeated else before.previous)
        return Replacement(manifest)

    def _read(self, partition: Partition) -> PartitionManifest | None:
        text = partition.directory.read(MANIFEST_NAME)
        if text is None:
            return None
        name = f"{partition.directory.name}/{MANIFEST_NAME}"
        manifest = read_manifest(PartitionManifest, text, name)
        if set(manifest.events) != set(partition.events):
            raise ConfigurationError(f"{name} is about other events. Choose another output.")
        return manifest

    def _check_same(self, before: OutputManifest) -> None:
        for name, words in _FIXED.items():
            there, now = getattr(before, name), getattr(self._manifest, name)
            if there != now:
                raise ConfigurationError(
                    f"{self.directory.name} holds an export with another value of {words}: {there!r}, and now {now!r}. "
                    "One output holds one export: choose another output, or remove the old one."
                )

    def _remove_old(self, partition: Partition, manifest: PartitionManifest, outdated: Collection[str]) -> None:
        """Remove what no reader needs: the generation before the previous one, and files of killed attempts."""
        keep = {file.name for file in manifest.files} | set(manifest.previous)
        try:
            now = time.time()
            for name, entry in partition.directory.entries().items():
                run = run_of(name)
                if run is None or name in keep:
                    continue
                is_old = entry.changed is not None and now - entry.changed > _ORPHAN_SECONDS
                if name in outdated or run == self._identity.run or is_old:
                    partition.directory.remove(name)
        except CleverTapError as error:
            self._log.warning("Old files remain in %s: %s", escape_unprintable(partition.directory.name), error)


def _foreign(directory: Directory, name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{directory.name} contains {name!r}, which no export has written. An export replaces what is in its "
        "directories: choose an output that is empty."
    )


def _version() -> str:
    try:
        return version("airflow-provider-clevertap")
    except PackageNotFoundError:
        return ""
