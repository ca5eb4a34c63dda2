"""A checkpoint kept as small objects in one directory, on a local path or in any storage fsspec knows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.exceptions import OvertakenError
from airflow_provider_clevertap.loading.artifact_files import local_path, storage_of, told


class FileStore:
    """Keeps the checkpoint of one load.

    :param directory: a path, a URI, or a path object that carries its storage. It is the load's own.
    :param series: see ``CheckpointStore``.
    """

    def __init__(self, directory: Any, *, series: str = "") -> None:
        self._directory = directory
        self.series = series
        self.name = f"{directory}/checkpoint.json"
        #: what may be there as long as nobody else writes; a write that failed may have arrived
        self._ours: set[str | None] = {None}

    def load(self) -> object | None:
        """Give the state that was saved last."""
        text = self._read("checkpoint.json")
        self._ours = {text}
        if text is None:
            return None
        try:
            found: object = json.loads(text)
        except ValueError:
            return text  # for whoever reads the state to say what is wrong
        return found

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state."""
        if self._read("checkpoint.json") not in self._ours:
            raise OvertakenError(overtaken(self.name))
        text = json.dumps(state, separators=(",", ":"))
        self._ours.add(text)
        self._write("checkpoint.json", text)
        self._ours = {text}

    def read_part(self, name: str) -> str | None:
        """Give a part of the refusals."""
        return self._read(f"refused-{name}.jsonl")

    def write_part(self, name: str, text: str) -> None:
        """Write or replace a part of the refusals."""
        self._write(f"refused-{name}.jsonl", text)

    def _read(self, name: str) -> str | None:
        local = local_path(self._directory)
        try:
            if local is not None:
                found = _content(local / name)
            else:
                fs, directory = storage_of(self._directory)
                found = fs.cat_file(f"{directory}/{name}")
        except FileNotFoundError:
            return None
        return found.decode(errors="replace")

    def _write(self, name: str, text: str) -> None:
        with told(f"{self._directory}/{name}"):
            local = local_path(self._directory)
            if local is not None:
                _replace(local / name, text)
                return
            fs, directory = storage_of(self._directory)
            fs.makedirs(directory, exist_ok=True)
            fs.pipe_file(f"{directory}/{name}", text.encode())


def overtaken(name: str) -> str:
    """Say what has happened to a checkpoint that another process has written to.

    :param name: the checkpoint's place.
    """
    return (
        f"Another try of this load has written to the checkpoint, or somebody has removed it: {name}. This try stops, "
        "so that no row is sent by both. The other one knows its rows as some that may have been on their way."
    )


def _replace(path: Path, text: str) -> None:
    """Write a file so that after a crash, of the process or the machine, it holds the old text or the new one.

    With calls of the system and no more: each lets other threads in, and may wait long for its turn after that.
    """
    written = f"{path}.{os.getpid()}.new"  # no other process is to write into it
    try:
        file = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        _write_all(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(written, path)  # noqa: PTH105
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
