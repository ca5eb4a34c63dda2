"""A checkpoint kept as small objects in one directory, on a local path or in any storage fsspec knows."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from airflow_provider_clevertap.exceptions import SupersededError
from airflow_provider_clevertap.loading.storage.errors import storage_errors
from airflow_provider_clevertap.loading.storage.private_files import PRIVATE, make_directories, open_new
from airflow_provider_clevertap.locations import file_system_of, local_path

#: The object that says whose the checkpoint is.
_MARK: Final = "taken-by"
#: Seconds: a try that has not looked for its mark for so long may have stood still while a later one was at work.
_STOOD_STILL: Final = 0.05


class FileCheckpointStore:
    """Keeps the checkpoint of one load.

    Each try puts its mark there before it reads what the one before has left, and looks for it after each write: one
    that finds another mark must not send what it has just claimed. So whichever came first, either the later try reads
    the claim, or the earlier one stops.

    :param directory: a path, a URI, or a path object that carries its storage. It is the load's own.
    :param series: see ``CheckpointStore``.
    :param mode: who may read the files, where it is a local path.
    """

    def __init__(self, directory: Any, *, series: str = "", mode: int = PRIVATE) -> None:
        self._directory = directory
        self._mode = mode
        self._local = local_path(directory)
        self.series = series
        self.name = f"{directory}/checkpoint.json"
        self._mark = uuid4().hex
        self._seen_at = -math.inf

    def load(self) -> object | None:
        """Give the state that was saved last; from now on no earlier try can replace it for long."""
        self._write(_MARK, self._mark)
        self._clear_away()
        text = self._read("checkpoint.json")
        if text is None:
            return None
        try:
            found: object = json.loads(text)
        except ValueError:
            return text  # for whoever reads the state to say what is wrong
        return found

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state."""
        self._write("checkpoint.json", json.dumps(state, separators=(",", ":")), self._look_for_mark_now_and_then)
        self._look_for_mark()

    def save_last(self, state: dict[str, Any]) -> None:
        """Replace the state as the load ends."""
        self.save(state)

    def read_part(self, name: str) -> str | None:
        """Give a part of the refusals."""
        return self._read(f"refused-{name}.jsonl")

    def write_part(self, name: str, text: str) -> None:
        """Write or replace a part of the refusals."""
        self._write(f"refused-{name}.jsonl", text)

    def _read(self, name: str) -> str | None:
        try:
            if self._local is not None:
                found = _content(self._local / name)
            else:
                fs, directory = file_system_of(self._directory)
                found = fs.cat_file(f"{directory}/{name}")
        except FileNotFoundError:
            return None
        return found.decode(errors="replace")

    def _clear_away(self) -> None:
        """Remove what killed tries have half written. One that is still at work meets its end by it, as it should."""
        if self._local is not None:
            for left in self._local.glob("*.new"):
                left.unlink(missing_ok=True)

    def _look_for_mark(self) -> None:
        if self._read(_MARK) != self._mark:
            self._seen_at = -math.inf
            raise SupersededError(superseded(self.name))
        self._seen_at = time.monotonic()

    def _look_for_mark_now_and_then(self) -> None:
        """Look before a write too when this try may have stood still: it would undo what a later one has written."""
        if time.monotonic() - self._seen_at > _STOOD_STILL:
            self._look_for_mark()

    def _write(self, name: str, text: str, first: Callable[[], None] = lambda: None) -> None:
        """Write an object.

        :param first: done at the last moment before it is replaced.
        """
        with storage_errors(f"{self._directory}/{name}"):
            if self._local is not None:
                _replace(self._local / name, text, self._mark[:8], self._mode, first)
                return
            fs, directory = file_system_of(self._directory)
            fs.makedirs(directory, exist_ok=True)
            first()
            fs.pipe_file(f"{directory}/{name}", text.encode())


def superseded(name: str) -> str:
    """Say what has happened to a checkpoint that another process has written to.

    :param name: the checkpoint's place.
    """
    return (
        f"This try does not have the checkpoint any more: the task was cleared, another try has begun, or somebody has "
        f"removed it: {name}. It stops, so that no row is sent by two. A later try knows what may have been on its way."
    )


def _replace(path: Path, text: str, mark: str, mode: int, first: Callable[[], None]) -> None:
    """Write a file so that after a crash, of the process or the machine, it holds the old text or the new one.

    With calls of the system and no more: each lets other threads in, and may wait long for its turn after that.
    """
    written = f"{path}.{mark}.new"  # no other try is to write into it
    try:
        file = open_new(written, mode, replace=True)
    except FileNotFoundError:
        make_directories(path.parent, mode)
        file = open_new(written, mode, replace=True)
    try:
        _write_all(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)
    try:
        first()
    except BaseException:
        os.unlink(written)  # noqa: PTH108 - see above
        raise
    os.replace(written, path)  # noqa: PTH105 - see above
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _content(path: Path) -> bytes:
    file = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(file, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(file)


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
