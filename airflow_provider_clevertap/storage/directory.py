"""A directory, on a local path or in any storage that fsspec supports: its names, small files, and a lock."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from airflow_provider_clevertap.locations import file_system_of, join_path, local_path, location_name
from airflow_provider_clevertap.storage.errors import storage_errors
from airflow_provider_clevertap.storage.files import AtomicFile
from airflow_provider_clevertap.storage.private_files import PRIVATE, make_directories, open_new


@dataclass(frozen=True, slots=True)
class Entry:
    """What a directory contains.

    :param is_directory: a directory, and not a file.
    :param changed: when the file was changed last, as a UNIX time; ``None`` when the storage does not report it.
    """

    is_directory: bool
    changed: float | None


class Directory:
    """A directory that may not exist yet.

    :param location: a path, a URI, or a path object that carries its storage.
    :param mode: permissions of files in it, for a local path.
    """

    def __init__(self, location: Any, mode: int = PRIVATE) -> None:
        self.location = location
        self.name = location_name(location)
        self._mode = mode
        self._local = local_path(location)

    def below(self, *names: str) -> Self:
        """Return a directory below this one."""
        return type(self)(join_path(self.location, *names), self._mode)

    def file(self, name: str) -> AtomicFile:
        """Return a file in this directory."""
        return AtomicFile(join_path(self.location, name), self._mode)

    def entries(self) -> dict[str, Entry]:
        """Return what the directory contains, by name; nothing when it does not exist.

        :raises ConfigurationError: when it is a file, or may not be read.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is not None:
                return self._local_entries()
            fs, path = file_system_of(self.location)
            fs.invalidate_cache(path)
            if fs.isfile(path):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            try:
                listed = fs.ls(path, detail=True)
            except FileNotFoundError:
                return {}
            entries = {}
            for info in listed:
                name = str(info["name"]).rstrip("/").rpartition("/")[2]
                if str(info["name"]).strip("/") != path.strip("/") and name:
                    entries[name] = Entry(info.get("type") == "directory", changed_time(info))
            return entries

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file, ``None`` when there is none.

        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(f"{self.name}/{name}"):
            try:
                if self._local is not None:
                    return (self._local / name).read_bytes()
                fs, path = file_system_of(self.location)
                return bytes(fs.cat_file(f"{path}/{name}"))
            except FileNotFoundError:
                return None

    def write(self, name: str, text: str) -> None:
        """Write or replace a file; readers see the old text or the new one.

        :raises ConfigurationError: when it can never be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        self.file(name).write_text(text)

    def remove(self, name: str) -> None:
        """Remove a file, if there is one.

        :raises StorageUnavailableError: when the storage fails.
        """
        self.file(name).remove()

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Exclude other processes of this machine, and those that share its file system, for a short time.

        In an object store, and on file systems without locks, nothing is excluded.
        """
        if self._local is None:
            yield
            return
        with storage_errors(f"{self.name}/{name}"):
            make_directories(self._local, self._mode)
            try:
                file = open_new(self._local / name, self._mode)
            except FileExistsError:
                file = os.open(self._local / name, os.O_RDWR)
        try:
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _local_entries(self) -> dict[str, Entry]:
        assert self._local is not None  # noqa: S101 - for the type checker
        entries = {}
        try:
            with os.scandir(self._local) as listed:
                for entry in listed:
                    with suppress(FileNotFoundError):  # removed meanwhile
                        is_directory = entry.is_dir()
                        entries[entry.name] = Entry(is_directory, entry.stat(follow_symlinks=False).st_mtime)
        except FileNotFoundError:
            return {}
        return entries


def changed_time(info: dict[str, Any]) -> float | None:
    """Return when a file was changed last, as a UNIX time; ``None`` when the storage does not report it."""
    for key in ("mtime", "LastModified", "last_modified", "updated", "modified", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            with suppress(ValueError):
                return datetime.fromisoformat(value).timestamp()
    return None
