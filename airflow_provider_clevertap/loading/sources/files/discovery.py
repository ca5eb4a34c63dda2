"""Where files are: paths, URIs, globs and lists, found through fsspec and opened as bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import IO, Any

from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    SourceError,
    StorageUnavailableError,
    escape_unprintable,
)
from airflow_provider_clevertap.locations import is_location, is_object_path, location_name, without_credentials

#: What storages call the time of a file's last change, or a hash or version of what is in it.
_MARKS = (
    "mtime", "modified", "last_modified", "LastModified", "updated", "ETag", "etag", "e_tag", "md5", "md5Hash",
    "content_md5", "crc32c", "checksum", "VersionId", "version_id", "generation",
)  # fmt: skip
_END_BYTES = 64 * 1024
_COMPRESSIONS = (".gz", ".zst")
_GLOB_CHARACTERS = re.compile(r"[*?\[]")


@dataclass(slots=True)
class SourceFile:
    """One file of a load.

    :param name: the file as the user knows it, without credentials and as messages show it.
    :param extension: what its name says of the format, such as ``.csv``, in lower case; may be empty.
    :param compression: ``.gz``, ``.zst`` or empty.
    :param size: bytes as stored, when the storage tells.
    :param opener: opens it for reading bytes.
    :param marks: what the storage tells of the file that is another thing once the file is.
    :param is_local: it lies in a directory of this machine.
    :param storage: the file system it lies in.
    :param path: where it lies there.
    :param is_match: a glob has found it, nobody has named it.
    :param bytes_read: how much of it was read so far.
    """

    name: str
    extension: str
    compression: str
    size: int | None
    opener: Callable[[], IO[bytes]]
    marks: Mapping[str, str] = field(default_factory=dict)
    is_local: bool = False
    storage: Any = None
    path: str = ""
    is_match: bool = False
    bytes_read: int = 0

    def fingerprint(self) -> list[Any]:
        """Give what is another thing once the file is another one.

        Where reading costs little, or the storage tells nothing, both ends of the file are looked at as well.

        :raises SourceError: when it is not there or may not be read.
        """
        ends = self._ends() if self.is_local or not self.marks else ""
        return [self.name, self.size, dict(self.marks), ends]

    def _ends(self) -> str:
        try:
            with self.opener() as stream:
                found = hashlib.sha256(stream.read(_END_BYTES))
                if self.size is not None and self.size > _END_BYTES and stream.seekable():
                    stream.seek(max(_END_BYTES, self.size - _END_BYTES))
                    found.update(stream.read(_END_BYTES))
        except Exception as error:
            raise storage_error(self.name, error) from None
        return found.hexdigest()

    def open(self) -> StoredBytes:
        """Open the file from its start.

        :raises SourceError: when it is not there or may not be read.
        """
        self.bytes_read = 0
        try:
            return StoredBytes(self, self.opener())
        except Exception as error:
            raise storage_error(self.name, error) from None


class StoredBytes:
    """The bytes of a file as stored: reads are counted, and the storage's errors told in our words.

    :param file: the file; its ``bytes_read`` is kept up to date.
    :param stream: the file, open for reading bytes. What is not here is asked of it.
    """

    def __init__(self, file: SourceFile, stream: IO[bytes]) -> None:
        self._file = file
        self._stream = stream
        self.first_bytes = b""

    def read(self, size: int = -1) -> bytes:
        """Read on.

        :raises StorageUnavailableError: when the storage fails.
        """
        try:
            data = self._stream.read(size)
        except Exception as error:
            raise storage_error(self._file.name, error) from None
        if not self._file.bytes_read:
            self.first_bytes = data[:8]
        self._file.bytes_read += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def storage_error(name: str, error: Exception) -> CleverTapError:
    """Say in our words why the storage did not give a file; only the weather stays worth a retry."""
    said = without_credentials(getattr(error, "strerror", None) or error).strip().partition("\n")[0][:200]
    if isinstance(error, CleverTapError):
        return error
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceError(f"{name}: there is no such file. Check the path, and that the file has been delivered.")
    if getattr(error, "errno", None) in (errno.ENAMETOOLONG, errno.ELOOP):
        return SourceError(f"{name}: no file can have this path ({said}). Shorten or correct it.")
    if isinstance(error, IsADirectoryError):
        return _directory_error(name)
    if isinstance(error, PermissionError):
        return SourceError(f"{name}: reading is not allowed ({said}). Check the rights of the account Airflow uses.")
    if isinstance(error, ImportError | ValueError):
        return SourceError(f"{name}: this kind of storage cannot be read here ({said}).")
    return StorageUnavailableError(
        f"{name}: the storage failed ({type(error).__name__}: {said}). A later try may succeed."
    )


def find_files(locations: Iterable[Any]) -> list[SourceFile]:
    """Find the files of one load, in the order given and, within a glob, by name. No file is taken twice.

    :param locations: paths, URIs, globs or object paths.
    :raises SourceError: when one of them gives no file.
    """
    # file systems of one kind with other hosts or accounts are not equal, and hash apart
    found: dict[tuple[Any, str], SourceFile] = {}
    for location in locations:
        for key, file in _find(location):
            found.setdefault(key, file)
    return list(found.values())


def _find(location: Any) -> Iterator[tuple[tuple[Any, str], SourceFile]]:
    if not is_location(location):
        raise SourceError(f"a {type(location).__name__} is not a path. Give paths, URIs or globs.")
    name = escape_unprintable(location_name(location))
    try:
        fs, path = _storage(location)
        info = _info(fs, path)
        matches = fs.glob(path, detail=True) if info is None and _is_glob(path) else {}
    except Exception as error:
        raise storage_error(name, error) from None
    if info is not None:
        if info.get("type") == "directory":
            raise _directory_error(name)
        opener = _opener(location) if is_object_path(location) else _opener(fs, path)
        yield (fs, path), replace(_file(name, fs, info, opener), storage=fs, path=path)
        return
    files = {found: about for found, about in matches.items() if about.get("type") != "directory"}
    if not files:
        problem = "no file matches" if _is_glob(path) else "there is no such file"
        raise SourceError(f"{name}: {problem}. Check the path, and that the file has been delivered.")
    for found in sorted(files):
        each = escape_unprintable(found if _is_plain(location) else without_credentials(fs.unstrip_protocol(found)))
        file = _file(each, fs, files[found], _opener(fs, found))
        yield (fs, found), replace(file, storage=fs, path=found, is_match=True)


def _storage(location: Any) -> tuple[Any, str]:
    if is_object_path(location):
        return location.fs, str(location.path)
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(os.fspath(location))
    return fs, path


def _info(fs: Any, path: str) -> dict[str, Any] | None:
    try:
        return dict(fs.info(path))
    except FileNotFoundError:
        return None


def _opener(storage: Any, *path: str) -> Callable[[], IO[bytes]]:
    # An object path opens itself, so that Airflow's lineage sees the read. Bytes always: its text mode is broken
    # on Airflow 2.11.
    return lambda: storage.open(*path, mode="rb")


def _is_plain(location: Any) -> bool:
    return not is_object_path(location) and "://" not in os.fspath(location)


def _is_glob(path: str) -> bool:
    return not path.startswith(("http://", "https://")) and bool(_GLOB_CHARACTERS.search(path))


def _file(name: str, fs: Any, info: Mapping[str, Any], opener: Callable[[], IO[bytes]]) -> SourceFile:
    # in a chain such as zip://people.csv::s3://bucket/export.zip the first part with a path names the file itself
    links = [link for link in name.lower().split("::") if "://" in link] or [name.lower()]
    path = PurePosixPath(links[0])
    compression = path.suffix if path.suffix in _COMPRESSIONS else ""
    extension = PurePosixPath(path.stem).suffix if compression else path.suffix
    return SourceFile(
        name=name,
        extension=extension,
        compression=compression,
        size=info.get("size"),
        opener=opener,
        marks={mark: str(info[mark]) for mark in _MARKS if info.get(mark) is not None},
        is_local="file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol),
    )


def _directory_error(name: str) -> SourceError:
    pattern = f"{name.rstrip('/')}/*.csv"
    return SourceError(f"{name}: this is a directory. Name the files in it with a pattern, such as {pattern}.")
