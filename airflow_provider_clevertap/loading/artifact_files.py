"""Files a load leaves behind: on a local path directly, anywhere else as one upload at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

from airflow_provider_clevertap.exceptions import ConfigurationError


class ArtifactFile:
    """One file to write at a path, a URI, or a path object that carries its storage.

    :param place: where the file goes.
    """

    def __init__(self, place: Any) -> None:
        self.place = place
        self.name = str(place)
        self._local = _local_path(place)
        self._spool: Path | None = None

    def remove(self) -> None:
        """Remove what an earlier try left there."""
        if self._local is not None:
            self._local.unlink(missing_ok=True)
            return
        fs, path = self._storage()
        if fs.exists(path):
            fs.rm_file(path)

    def open(self) -> IO[str]:
        """Open the file for writing text; :meth:`publish` must follow when it is closed.

        :raises ConfigurationError: when it cannot be written there.
        """
        target = self._local
        try:
            if target is None:
                handle, spool = tempfile.mkstemp(prefix="clevertap-")
                os.close(handle)
                target = self._spool = Path(spool)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
            return target.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise ConfigurationError(f"{self.name} cannot be written: {error.strerror}") from None

    def publish(self) -> None:
        """Put the closed file where it belongs."""
        if self._spool is None:
            return
        fs, path = self._storage()
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self._spool.open("rb") as spooled, fs.open(path, "wb") as stored:
            shutil.copyfileobj(spooled, stored)
        self._spool.unlink()
        self._spool = None

    def _storage(self) -> tuple[Any, str]:
        if hasattr(self.place, "fs"):
            return self.place.fs, str(self.place.path)
        from fsspec.core import url_to_fs

        fs, path = url_to_fs(self.name)
        return fs, path


def _local_path(place: Any) -> Path | None:
    text = str(place)
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    if isinstance(place, os.PathLike) and not hasattr(place, "fs"):
        return Path(place)
    return None if "://" in text else Path(text)
