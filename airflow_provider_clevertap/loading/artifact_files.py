"""Files a load leaves behind: whole, and put in their place at the end."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, StorageUnavailableError

TOO_LONG: Final = (
    "the path, or a name in it, is longer than the file system takes. Shorten rejects_path or artifacts_path."
)


class ArtifactFile:
    """One file to write at a path, a URI, or a path object that carries its storage.

    It is written beside its place, or in a temporary file where that is not a local path, and put there once it is
    whole. So nobody takes half a file for all of it, and two processes cannot write into one.

    :param place: where the file goes.
    """

    def __init__(self, place: Any) -> None:
        self.place = place
        self.name = str(place)
        self._local = local_path(place)
        self._stream: IO[str] | None = None
        self._part: Path | None = None

    def prepare(self) -> None:
        """Remove what an earlier try left there, and see that the place can be written before anything is sent.

        :raises ConfigurationError: when it cannot be.
        :raises StorageUnavailableError: when the storage fails.
        """
        with told(self.name):
            if self._local is not None:
                self._local.parent.mkdir(parents=True, exist_ok=True)
                self._local.unlink(missing_ok=True)
                # Of a try that was killed; one that is still at work cannot put it in its place any more.
                for part in self._local.parent.glob(f"{glob.escape(self._local.name)}.{'[0-9a-f]' * 8}.part"):
                    part.unlink(missing_ok=True)
                return
            fs, path = storage_of(self.place)
            if fs.exists(path):
                fs.rm_file(path)

    def open(self) -> IO[str]:
        """Open the file for writing text and reading it back; :meth:`publish` or :meth:`discard` must follow.

        :raises ConfigurationError: when it cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        options: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}
        with told(self.name):
            if self._local is None:
                # It has no name, so that nothing of it stays when the process is killed.
                self._stream = tempfile.TemporaryFile("w+", **options)  # noqa: SIM115 - publish or discard closes it
            else:
                self._local.parent.mkdir(parents=True, exist_ok=True)
                self._part = self._local.with_name(f"{self._local.name}.{uuid4().hex[:8]}.part")
                self._stream = self._part.open("x+", **options)
        return self._stream

    def publish(self) -> None:
        """Put the file where it belongs; may be tried again when it failed.

        :raises ConfigurationError: when it cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._stream is None:
            return
        with told(self.name):
            self._stream.flush()
            if self._part is not None and self._local is not None:
                os.fsync(self._stream.fileno())
                self._part.replace(self._local)
                self._part = None
            else:
                fs, path = storage_of(self.place)
                fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                binary: Any = self._stream.buffer  # type: ignore[attr-defined]
                binary.seek(0)
                with fs.open(path, "wb") as stored:
                    shutil.copyfileobj(binary, stored)
        self.discard()

    def discard(self) -> None:
        """Leave nothing of what has been written and not been published."""
        if self._stream is not None:
            with suppress(OSError):  # what could not be written before cannot be now
                self._stream.close()
        if self._part is not None:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
        self._stream = self._part = None


def storage_of(place: Any) -> tuple[Any, str]:
    """Give the file system of a URI or a path object, and the path in it."""
    if hasattr(place, "fs"):
        return place.fs, str(place.path)
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(str(place))
    return fs, path


@contextmanager
def told(name: str) -> Iterator[None]:
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
