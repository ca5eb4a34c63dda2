"""A checkpoint stored as small files in one directory, on a local path or in any storage that fsspec supports."""

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
from airflow_provider_clevertap.loading.checkpoint.task_attempt import TaskAttempt
from airflow_provider_clevertap.locations import file_system_of, local_path
from airflow_provider_clevertap.storage.errors import storage_errors
from airflow_provider_clevertap.storage.private_files import PRIVATE, make_directories, open_new

#: The file that names the attempt that owns the checkpoint.
_OWNER_FILE: Final = "taken-by"
#: Seconds since the owner was checked, after which the process may have been paused while a later attempt ran.
_STALE_AFTER: Final = 0.05


class FileCheckpointStore:
    """Stores the checkpoint of one load.

    Each attempt writes its id into the owner file before it reads what the attempt before has saved, and reads the
    owner file after each write. An attempt that finds another id must not send what it has just claimed. So either the
    later attempt reads the claim, or the earlier attempt stops.

    :param directory: a path, a URI, or a path object with its own storage. Nothing else may be stored there.
    :param attempt: see ``CheckpointStore``.
    :param mode: who may read the files, for a local path.
    """

    def __init__(self, directory: Any, *, attempt: TaskAttempt | None = None, mode: int = PRIVATE) -> None:
        self._directory = directory
        self._mode = mode
        self._local = local_path(directory)
        self.attempt = attempt or TaskAttempt()
        self.name = f"{directory}/checkpoint.json"
        self._id = uuid4().hex
        self._owner_checked_at = -math.inf

    def load(self) -> object | None:
        """Return the state that was saved last. From now on an earlier attempt stops at its next write."""
        self._write(_OWNER_FILE, self._id)
        self._remove_temporary_files()
        text = self._read("checkpoint.json")
        if text is None:
            return None
        try:
            state: object = json.loads(text)
        except ValueError:
            return text  # the caller reports what is wrong with the state
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state."""
        self._write("checkpoint.json", json.dumps(state, separators=(",", ":")), self._check_owner_if_stale)
        self._check_owner()

    def save_last(self, state: dict[str, Any]) -> None:
        """Replace the state at the end of the load."""
        self.save(state)

    def read_part(self, name: str) -> str | None:
        """Return a part of the unaccepted rows."""
        return self._read(f"unaccepted-{name}.jsonl")

    def write_part(self, name: str, text: str) -> None:
        """Write or replace a part of the unaccepted rows."""
        self._write(f"unaccepted-{name}.jsonl", text)

    def _read(self, name: str) -> str | None:
        try:
            if self._local is not None:
                content = _read_file(self._local / name)
            else:
                fs, directory = file_system_of(self._directory)
                content = fs.cat_file(f"{directory}/{name}")
        except FileNotFoundError:
            return None
        return content.decode(errors="replace")

    def _remove_temporary_files(self) -> None:
        """Delete temporary files of killed attempts.

        An attempt that still runs then fails at its next write, which is intended.
        """
        if self._local is not None:
            for path in self._local.glob("*.new"):
                path.unlink(missing_ok=True)

    def _check_owner(self) -> None:
        if self._read(_OWNER_FILE) != self._id:
            self._owner_checked_at = -math.inf
            raise SupersededError(superseded_message(self.name))
        self._owner_checked_at = time.monotonic()

    def _check_owner_if_stale(self) -> None:
        """Check the owner before a write too, if this process may have been paused.

        Otherwise the write would undo what a later attempt has written.
        """
        if time.monotonic() - self._owner_checked_at > _STALE_AFTER:
            self._check_owner()

    def _write(self, name: str, text: str, before_replace: Callable[[], None] = lambda: None) -> None:
        """Write a file.

        :param before_replace: called at the last moment before the file is replaced.
        """
        with storage_errors(f"{self._directory}/{name}"):
            if self._local is not None:
                _replace_file(self._local / name, text, self._id[:8], self._mode, before_replace)
                return
            fs, directory = file_system_of(self._directory)
            fs.makedirs(directory, exist_ok=True)
            before_replace()
            fs.pipe_file(f"{directory}/{name}", text.encode())


def superseded_message(name: str) -> str:
    """Return the message of an attempt that no longer owns its checkpoint.

    :param name: the location of the checkpoint.
    """
    return (
        "This attempt does not own the checkpoint any more: the task was cleared, another attempt has begun, or "
        f"somebody has removed it: {name}. It stops, so that no row is sent by both. A later attempt knows which rows "
        "may have been in flight."
    )


def _replace_file(path: Path, text: str, owner: str, mode: int, before_replace: Callable[[], None]) -> None:
    """Write a file so that it holds the old or the new text after a crash of the process or the machine.

    It makes as few system calls as possible: each lets other threads run, and may then wait long for the interpreter.

    :param owner: part of the name of the temporary file, so that no other attempt writes into it.
    """
    temporary = f"{path}.{owner}.new"
    try:
        file = open_new(temporary, mode, replace=True)
    except FileNotFoundError:
        make_directories(path.parent, mode)
        file = open_new(temporary, mode, replace=True)
    try:
        _write_all(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)
    try:
        before_replace()
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108 - one system call, see above
        raise
    os.replace(temporary, path)  # noqa: PTH105 - one system call, see above
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_file(path: Path) -> bytes:
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
