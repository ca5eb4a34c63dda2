"""A PostgreSQL of the tests' own, from the distribution's packages: see scripts/postgres-install."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from scripts.local_airflow import free_port

#: Where Debian and Ubuntu, Fedora, and Arch put the server's programs.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/bin")
#: Seconds to start or to stop; it takes one on a free core.
PATIENCE = 300
#: How often another port is tried where a program has taken the one that was free.
_PORTS = 5


def find_programs() -> Path | None:
    """Give the directory with the newest PostgreSQL server, ``None`` when there is none."""
    named = shutil.which("initdb")
    found = [path.parent for place in PLACES for path in sorted(Path("/").glob(f"{place[1:]}/initdb"), reverse=True)]
    return found[0] if found else Path(named).parent if named else None


class RunningPostgres:
    """A server on this machine alone, with data that go when it is stopped.

    :param programs: the directory with ``initdb`` and ``postgres``.
    """

    user = "loader"
    password = "PG-SECRET-8842"

    def __init__(self, programs: Path) -> None:
        self.port = 0
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix="postgres-tests-"))
        # The server refuses to run as root. The package makes an account for it.
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._account = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self._home, "postgres", "postgres")
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningPostgres:
        try:
            self._make()
            for left in reversed(range(_PORTS)):
                self.port = free_port()
                if self._start(may_fail=left > 0):
                    break
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # end now, in good order
            try:
                self._server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def connection_json(self, **fields: Any) -> str:
        """Give the Airflow connection to the server, as the JSON an ``AIRFLOW_CONN_...`` variable holds."""
        ours = {"conn_type": "postgres", "host": "127.0.0.1", "port": self.port, "schema": "postgres"}
        return json.dumps({**ours, "login": self.user, "password": self.password, **fields})

    def url(self, database: str) -> str:
        """Return the URL of a database, for Airflow's own."""
        return f"postgresql+psycopg2://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self) -> Any:
        """Give a connection of one's own, on which every statement is committed."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="postgres",
            user=self.user,
            password=self.password,
            connect_timeout=60,
            autocommit=True,
        )

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement; give its rows, if it has any."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _make(self) -> None:
        password = self._home / "password"
        password.write_text(self.password)
        if self._account:
            shutil.chown(password, "postgres", "postgres")
        options = [f"--username={self.user}", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        self._run("initdb", f"--pgdata={self._home / 'data'}", *options, "--locale=C.UTF-8", "--no-sync")

    def _start(self, *, may_fail: bool) -> bool:
        """Start the server; tell whether it answers, which it cannot on a port that is taken."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._home,
            "fsync": "off",
            "timezone": "Asia/Kolkata",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._home / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._home / "data", *options],
                cwd=self._home,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._account,
            )
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.connect().close()
                return True
            except Exception:
                log_text = (self._home / "log").read_text(errors="replace")
                if self._server.poll() is not None and may_fail and "Is another postmaster already running" in log_text:
                    return False
                if self._server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(log_text) from None
                time.sleep(0.1)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
            **self._account,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
