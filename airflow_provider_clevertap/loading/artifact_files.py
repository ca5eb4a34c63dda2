"""Files a load leaves behind: on a local path directly, anywhere else as one upload at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from airflow_provider_clevertap.exceptions import ConfigurationError, StorageUnavailableError


class ArtifactFile:
    """One file to write at a path, a URI, or a path object that carries its storage.

    :param place: where the file goes.
    """

    def __init__(self, place: Any) -> None:
        self.place = place
        self.name = str(place)
        self._local = local_path(place)
        self._spool: Path | None = None

    def prepare(self) -> None:
        """Remove what an earlier try left there, and see that the place can be written before anything is sent.

        :raises ConfigurationError: when it cannot be.
        """
        with told(self.name):
            if self._local is not None:
                self._local.parent.mkdir(parents=True, exist_ok=True)
                self._local.unlink(missing_ok=True)
                return
            fs, path = storage_of(self.place)
            if fs.exists(path):
                fs.rm_file(path)

    def open(self) -> IO[str]:
        """Open the file for writing text and reading it back; :meth:`publish` must follow when it is closed.

        :raises ConfigurationError: when it cannot be written there.
        """
        with told(self.name):
            target = self._local
            if target is None:
                handle, spool = tempfile.mkstemp(prefix="clevertap-")
                os.close(handle)
                target = self._spool = Path(spool)
            target.parent.mkdir(parents=True, exist_ok=True)
            return target.open("w", encoding="utf-8", errors="backslashreplace", newline="")

    def publish(self) -> None:
        """Put the closed file where it belongs."""
        if self._spool is None:
            return
        with told(self.name):
            fs, path = storage_of(self.place)
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._spool.open("rb") as spooled, fs.open(path, "wb") as stored:
                shutil.copyfileobj(spooled, stored)
        self._spool.unlink()
        self._spool = None


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
    except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError, ImportError, ValueError) as error:
        raise ConfigurationError(f"{name} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    except Exception as error:
        raise StorageUnavailableError(
            f"{name} was not written: {type(error).__name__}. A later try may succeed."
        ) from None


def local_path(place: Any) -> Path | None:
    """Give a place on a local path as such, ``None`` when it is anywhere else."""
    text = str(place)
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    if isinstance(place, os.PathLike) and not hasattr(place, "fs"):
        return Path(place)
    return None if "://" in text else Path(text)
