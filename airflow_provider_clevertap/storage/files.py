"""Files that appear in their final location only when they are complete."""

from __future__ import annotations

import errno
import glob
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from airflow_provider_clevertap.locations import file_system_of, local_path
from airflow_provider_clevertap.storage.errors import storage_errors
from airflow_provider_clevertap.storage.private_files import PRIVATE, make_directories, open_new
from airflow_provider_clevertap.storage.written_file import WrittenFile


class AtomicFile:
    """A file that is written elsewhere and published once it is complete.

    For a local path it is written to a temporary file in the same directory, which replaces the target in one step. For
    any other storage it is written to a local temporary file, then uploaded and its size compared. So no reader sees
    half a file, two processes cannot write into one, and an existing file stays until a complete one replaces it.

    :param location: a path, a URI, or a path object that carries its storage.
    :param mode: permissions of the file, for a local path.
    """

    def __init__(self, location: Any, mode: int = PRIVATE) -> None:
        self.location = location
        self._mode = mode
        self.name = str(location)
        self._local = local_path(location)
        self._file: WrittenFile | None = None
        self._temporary: Path | None = None

    def prepare(self) -> None:
        """Check that the location can be written, before anything is sent; an existing file stays.

        :raises ConfigurationError: when it cannot be.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is None:
                fs, path = file_system_of(self.location)
                if fs.isdir(path):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                return
            if self._local.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if self._local.exists() and not self._local.is_file():  # root would replace /dev/null for the whole machine
                raise FileExistsError(errno.EEXIST, "it is a device, a pipe or a socket, and a file would replace it")
            make_directories(self._local.parent, self._mode)
            # Temporary files of killed attempts. An attempt still running can then no longer publish its file.
            for temporary in self._local.parent.glob(f"{glob.escape(self._local.name)}.{'[0-9a-f]' * 8}.part"):
                temporary.unlink(missing_ok=True)
            trial = self._temporary_path(self._local)
            trial.touch(exist_ok=False)
            trial.unlink()

    def open(self) -> WrittenFile:
        """Open the file for writing text; :meth:`publish` or :meth:`discard` must follow.

        :raises ConfigurationError: when it cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            self._file, self._temporary = self._open_temporary()
        return self._file

    def write_text(self, text: str) -> None:
        """Write or replace the file at once; readers see the old text or the new one.

        :raises ConfigurationError: when it can never be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        try:
            file = self.open()
            with storage_errors(self.name):
                file.write(text)
            self.publish()
        finally:
            self.discard()

    def rewrite(self, copy: Callable[[IO[str], WrittenFile], None]) -> None:
        """Write the file again from what has been written so far; if that fails, the file stays unchanged.

        :param copy: called with a reader of the text so far and the new file.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._file is None:
            return
        with storage_errors(self.name):
            self._file.sync()
            file, temporary = self._open_temporary()
            try:
                with self._file.read_back() as written:
                    copy(written, file)
            except BaseException:
                _discard(file, temporary)
                raise
            _discard(self._file, self._temporary)
            self._file, self._temporary = file, temporary

    def publish(self) -> None:
        """Move the complete file to its location. May be called again after a failure.

        :raises ConfigurationError: when it cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._file is None:
            return
        with storage_errors(self.name):
            self._file.sync()
            if self._temporary is not None and self._local is not None:
                self._temporary.replace(self._local)
                self._temporary = None
            else:
                fs, path = file_system_of(self.location)
                fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                with self._file.copy_bytes() as written, fs.open(path, "wb") as stored:
                    shutil.copyfileobj(written, stored)
                fs.invalidate_cache(path.rpartition("/")[0])
                self._file.check(int(fs.size(path)))
        self.discard()

    def remove(self) -> None:
        """Remove the published file, if there is one.

        :raises ConfigurationError: when it cannot be removed.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is not None:
                self._local.unlink(missing_ok=True)
                return
            fs, path = file_system_of(self.location)
            if fs.exists(path):
                fs.rm_file(path)

    @contextmanager
    def read(self) -> Iterator[IO[bytes]]:
        """Open the published file for reading.

        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name, "read"):
            if self._local is not None:
                with self._local.open("rb") as stream:
                    yield stream
                return
            fs, path = file_system_of(self.location)
            with fs.open(path, "rb") as stream:
                yield stream

    def exists(self) -> bool:
        """Return whether a file is published at the location.

        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is not None:
                return self._local.exists()
            fs, path = file_system_of(self.location)
            return bool(fs.exists(path))

    def discard(self) -> None:
        """Delete what has been written and not published."""
        if self._file is not None:
            _discard(self._file, self._temporary)
        self._file = self._temporary = None

    def _open_temporary(self) -> tuple[WrittenFile, Path | None]:
        if self._local is None:
            # This file has no name, so nothing remains of it when the process is killed.
            return WrittenFile(tempfile.TemporaryFile("w+b", buffering=0)), None
        make_directories(self._local.parent, self._mode)
        temporary = self._temporary_path(self._local)
        return WrittenFile(io.FileIO(open_new(temporary, self._mode), "r+")), temporary

    @staticmethod
    def _temporary_path(local: Path) -> Path:
        return local.with_name(f"{local.name}.{uuid4().hex[:8]}.part")


def _discard(file: WrittenFile, temporary: Path | None) -> None:
    with suppress(OSError):
        file.close()
    if temporary is not None:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
