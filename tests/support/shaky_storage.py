"""An object store that fails now and then: objects are whole or not there, and a failure may come after the storing."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import fsspec
from fsspec.spec import AbstractFileSystem


class ShakyStorage(AbstractFileSystem):
    """Objects below a local directory, under ``shaky:///directory/...``.

    ``fails`` is called with ``"read"`` or ``"write"``, the object's name and the number of such calls; what it
    returns is raised. A timeout of a write is raised after the object was stored: the caller cannot know.
    """

    protocol = "shaky"
    cachable = False
    fails: ClassVar[Callable[[str, str, int], Exception | None]] = staticmethod(lambda *_: None)
    seconds: ClassVar[float] = 0.0
    calls: ClassVar[dict[str, int]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def failure_of(cls, kind: str, path: str) -> Exception | None:
        with cls._lock:
            cls.calls[kind] = cls.calls.get(kind, 0) + 1
            number = cls.calls[kind]
        time.sleep(cls.seconds)
        return cls.fails(kind, Path(path).name, number)

    @classmethod
    def _strip_protocol(cls, path: Any) -> str:
        return str(path).removeprefix("shaky://").rstrip("/")

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        path = self._strip_protocol(path)
        self._fail_read(path)
        if not Path(path).exists():
            raise FileNotFoundError(path)
        kind = "directory" if Path(path).is_dir() else "file"
        return {"name": path, "size": Path(path).stat().st_size, "type": kind}

    def exists(self, path: str, **_: Any) -> bool:
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        path = self._strip_protocol(path)
        self._fail_read(path)
        infos = [self.info(str(entry)) for entry in sorted(Path(path).iterdir())]
        return infos if detail else [info["name"] for info in infos]

    def cat_file(self, path: str, *_: Any, **__: Any) -> bytes:
        path = self._strip_protocol(path)
        self._fail_read(path)
        return Path(path).read_bytes()

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        self._store(self._strip_protocol(path), value)

    def rm_file(self, path: str) -> None:
        Path(self._strip_protocol(path)).unlink()

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Object stores have no directories."""

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        if mode == "rb":
            return io.BytesIO(self.cat_file(path))
        return _Upload(self._store, self._strip_protocol(path))

    def _fail_read(self, path: str) -> None:
        problem = self.failure_of("read", path)
        if problem is not None:
            raise problem

    def _store(self, path: str, value: bytes) -> None:
        problem = self.failure_of("write", path)
        if problem is None or isinstance(problem, TimeoutError):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(value)
        if problem is not None:
            raise problem


class _Upload(io.BytesIO):
    def __init__(self, store: Callable[[str, bytes], None], path: str) -> None:
        super().__init__()
        self._store, self._path = store, path

    def close(self) -> None:
        if not self.closed:
            value = self.getvalue()
            super().close()
            self._store(self._path, value)


fsspec.register_implementation("shaky", ShakyStorage, clobber=True)
