"""A private Redis server for the tests, from the distribution's packages: see scripts/redis-install."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

#: Seconds to start or to stop.
TIMEOUT = 300


class RunningRedis:
    """A server that only this machine can reach, and whose data is deleted when it stops.

    :param program: ``redis-server``.
    :param port: a port that no program listens on.
    """

    def __init__(self, program: str, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._port = port
        self._program = program

    def __enter__(self) -> RunningRedis:
        self._home = Path(tempfile.mkdtemp(prefix="redis-tests-"))
        settings = {"bind": "127.0.0.1", "port": self._port, "dir": self._home, "save": "", "appendonly": "no"}
        options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        with (self._home / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._program, *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        try:
            self._server.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=5) as client:
                    client.sendall(b"PING\r\n")
                    if client.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._home / "log").read_text(errors="replace"))
            time.sleep(0.1)
