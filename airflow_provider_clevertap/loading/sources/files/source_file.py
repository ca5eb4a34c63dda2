"""One file of a source, and the bytes of it as the storage returns them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from airflow_provider_clevertap.loading.sources.files.errors import read_error

#: How much of the start and of the end of a file goes into its fingerprint.
_FINGERPRINT_BYTES = 64 * 1024


@dataclass(slots=True)
class SourceFile:
    """One file of a load.

    :param name: the file as the user knows it, without credentials and escaped for messages.
    :param extension: the extension that names the format, such as ``.csv``, in lower case; may be empty.
    :param compression: ``.gz``, ``.zst`` or empty.
    :param size: bytes as stored, when the storage reports a size.
    :param opener: opens the file for reading bytes.
    :param versions: what the storage reports that changes with the file's content, such as a time or a hash.
    :param is_local: the file is in a directory of this machine.
    :param storage: the fsspec file system it is in.
    :param path: its path there.
    :param is_match: a glob found the file; no one named it.
    :param bytes_read: how many stored bytes have been read so far.
    """

    name: str
    extension: str
    compression: str
    size: int | None
    opener: Callable[[], IO[bytes]]
    versions: Mapping[str, str] = field(default_factory=dict)
    is_local: bool = False
    storage: Any = None
    path: str = ""
    is_match: bool = False
    bytes_read: int = 0

    def fingerprint(self) -> list[Any]:
        """Return values that change when the file changes.

        Both ends of the file are read as well where that is cheap, or where the storage reports nothing else.

        :raises SourceError: when the file does not exist or may not be read.
        """
        ends = self._hash_ends() if self.is_local or not self.versions else ""
        return [self.name, self.size, dict(self.versions), ends]

    def _hash_ends(self) -> str:
        try:
            with self.opener() as stream:
                digest = hashlib.sha256(stream.read(_FINGERPRINT_BYTES))
                if self.size is not None and self.size > _FINGERPRINT_BYTES and stream.seekable():
                    stream.seek(max(_FINGERPRINT_BYTES, self.size - _FINGERPRINT_BYTES))
                    digest.update(stream.read(_FINGERPRINT_BYTES))
        except Exception as error:
            raise read_error(self.name, error) from None
        return digest.hexdigest()

    def open(self) -> StoredBytes:
        """Open the file from its start.

        :raises SourceError: when the file does not exist or may not be read.
        """
        self.bytes_read = 0
        try:
            return StoredBytes(self, self.opener())
        except Exception as error:
            raise read_error(self.name, error) from None


class StoredBytes:
    """The bytes of a file as stored. Counts what is read and translates the errors of the storage.

    :param file: the file; its ``bytes_read`` is kept up to date.
    :param stream: the file, open for reading bytes. Other attributes are taken from it.
    """

    def __init__(self, file: SourceFile, stream: IO[bytes]) -> None:
        self._file = file
        self._stream = stream
        self.first_bytes = b""

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes.

        :raises StorageUnavailableError: when the storage fails.
        """
        try:
            data = self._stream.read(size)
        except Exception as error:
            raise read_error(self._file.name, error) from None
        if not self._file.bytes_read:
            self.first_bytes = data[:8]
        self._file.bytes_read += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
