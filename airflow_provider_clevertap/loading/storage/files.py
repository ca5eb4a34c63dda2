"""Files a load leaves behind: whole, and put in their place at the end."""

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
from typing import IO, Any, Final
from uuid import uuid4

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, StorageUnavailableError
from airflow_provider_clevertap.loading.storage.private_files import PRIVATE, make_directories, open_new
from airflow_provider_clevertap.loading.storage.written_file import WrittenFile

TOO_LONG: Final = (
    "the path, or a name in it, is longer than the file system takes. Shorten rejects_path or artifacts_path."
)


class AtomicFile:
    """One file to write at a path, a URI, or a path object that carries its storage.

    It is written beside its place, or in a temporary file where that is not a local path, and put there once it is
    known to be whole. So nobody takes half a file for all of it, two processes cannot write into one, and what was
    there before stays until there is something whole to replace it.

    :param place: where the file goes.
    :param mode: who may read it, where it is a local path.
    """

    def __init__(self, place: Any, mode: int = PRIVATE) -> None:
        self.place = place
        self._mode = mode
        self.name = str(place)
        self._local = local_path(place)
        self._file: WrittenFile | None = None
        self._part: Path | None = None

    def prepare(self) -> None:
        """See that the place can be written before anything is sent; what is there stays.

        :raises ConfigurationError: when it cannot be.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is None:
                fs, path = storage_of(self.place)
                if fs.isdir(path):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                return
            if self._local.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            make_directories(self._local.parent, self._mode)
            # Of an attempt that was killed; one that is still at work cannot put it in its place any more.
            for part in self._local.parent.glob(f"{glob.escape(self._local.name)}.{'[0-9a-f]' * 8}.part"):
                part.unlink(missing_ok=True)
            trial = self._new_part(self._local)
            trial.touch(exist_ok=False)
            trial.unlink()

    def open(self) -> WrittenFile:
        """Open the file for writing text; :meth:`publish` or :meth:`discard` must follow.

        :raises ConfigurationError: when it cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            self._file, self._part = self._begin()
        return self._file

    def rewrite(self, copy: Callable[[IO[str], WrittenFile], None]) -> None:
        """Write the file anew from what has been written; when that fails, it stays as it was.

        :param copy: gets what has been written and the new file.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._file is None:
            return
        with storage_errors(self.name):
            self._file.sync()
            file, part = self._begin()
            try:
                with self._file.read_back() as written:
                    copy(written, file)
            except BaseException:
                _throw_away(file, part)
                raise
            _throw_away(self._file, self._part)
            self._file, self._part = file, part

    def publish(self) -> None:
        """Put the file where it belongs, once it is whole; may be tried again when it failed.

        :raises ConfigurationError: when it cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._file is None:
            return
        with storage_errors(self.name):
            self._file.sync()
            if self._part is not None and self._local is not None:
                self._part.replace(self._local)
                self._part = None
            else:
                fs, path = storage_of(self.place)
                fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                with self._file.copy_bytes() as written, fs.open(path, "wb") as stored:
                    shutil.copyfileobj(written, stored)
                fs.invalidate_cache(path.rpartition("/")[0])
                self._file.check(int(fs.size(path)))
        self.discard()

    def remove(self) -> None:
        """Remove what is in the file's place.

        :raises ConfigurationError: when it cannot be removed.
        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is not None:
                self._local.unlink(missing_ok=True)
                return
            fs, path = storage_of(self.place)
            if fs.exists(path):
                fs.rm_file(path)

    @contextmanager
    def read(self) -> Iterator[IO[bytes]]:
        """Open what is in the file's place for reading.

        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is not None:
                with self._local.open("rb") as stream:
                    yield stream
                return
            fs, path = storage_of(self.place)
            with fs.open(path, "rb") as stream:
                yield stream

    def is_there(self) -> bool:
        """Return whether there is something in the file's place.

        :raises StorageUnavailableError: when the storage fails.
        """
        with storage_errors(self.name):
            if self._local is not None:
                return self._local.exists()
            fs, path = storage_of(self.place)
            return bool(fs.exists(path))

    def discard(self) -> None:
        """Leave nothing of what has been written and not been published."""
        if self._file is not None:
            _throw_away(self._file, self._part)
        self._file = self._part = None

    def _begin(self) -> tuple[WrittenFile, Path | None]:
        if self._local is None:
            # It has no name, so that nothing of it stays when the process is killed.
            return WrittenFile(tempfile.TemporaryFile("w+b", buffering=0)), None
        make_directories(self._local.parent, self._mode)
        part = self._new_part(self._local)
        return WrittenFile(io.FileIO(open_new(part, self._mode), "r+")), part

    @staticmethod
    def _new_part(local: Path) -> Path:
        return local.with_name(f"{local.name}.{uuid4().hex[:8]}.part")


def _throw_away(file: WrittenFile, part: Path | None) -> None:
    with suppress(OSError):
        file.close()
    if part is not None:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def storage_of(place: Any) -> tuple[Any, str]:
    """Give the file system of a URI or a path object, and the path in it."""
    if hasattr(place, "fs"):
        return place.fs, str(place.path)
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(str(place))
    return fs, path


@contextmanager
def storage_errors(name: str) -> Iterator[None]:
    """Say in our words why a file could not be written; only the weather stays worth a retry."""
    try:
        yield
    except CleverTapError:
        raise
    except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError, ImportError, ValueError) as error:
        raise ConfigurationError(f"{name} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    except Exception as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise ConfigurationError(f"{name} cannot be written: {TOO_LONG}") from None
        raise StorageUnavailableError(f"{name} was not written: {cause(error)}") from None


def cause(error: Exception) -> str:
    """Say what kind of error it was. Of another library's words only those of the system: they hold no data."""
    said = getattr(error, "strerror", None)
    return type(error).__name__ + (f", {said}" if isinstance(said, str) else "")


def local_path(place: Any) -> Path | None:
    """Give a place on a local path as such, ``None`` when it is anywhere else."""
    text = str(place)
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    if isinstance(place, os.PathLike) and not hasattr(place, "fs"):
        return Path(place)
    return None if "://" in text else Path(text)
