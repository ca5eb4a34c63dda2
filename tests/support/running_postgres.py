"""A private PostgreSQL server for the tests, from the distribution's packages: see scripts/postgres-install."""

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

#: The directories of the server's programs on Debian and Ubuntu, Fedora, and Arch.
PROGRAM_DIRECTORIES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/bin")
#: Seconds to start or to stop; on a free core it takes one.
TIMEOUT = 300
#: How many ports are tried when another program has taken the port that was free.
_MAX_PORTS = 5


def find_programs() -> Path | None:
    """Return the directory with the newest PostgreSQL server, ``None`` when there is none."""
    on_path = shutil.which("initdb")
    directories = [
        path.parent
        for pattern in PROGRAM_DIRECTORIES
        for path in sorted(Path("/").glob(f"{pattern[1:]}/initdb"), reverse=True)
    ]
    return directories[0] if directories else Path(on_path).parent if on_path else None


class RunningPostgres:
    """A server that only this machine can reach, and whose data is deleted when it stops.

    :param programs: the directory with ``initdb`` and ``postgres``.
    """

    user = "loader"
    password = "PG-SECRET-8842"

    def __init__(self, programs: Path) -> None:
        self.port = 0
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix="postgres-tests-"))
        # The server does not run as root. The package creates an account for it.
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._account = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self._home, "postgres", "postgres")
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningPostgres:
        try:
            self._initialize()
            for remaining in reversed(range(_MAX_PORTS)):
                self.port = free_port()
                if self._start(may_fail=remaining > 0):
                    break
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self._server.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def connection_json(self, **fields: Any) -> str:
        """Return the Airflow connection to the server, as JSON for an ``AIRFLOW_CONN_...`` variable."""
        address = {"conn_type": "postgres", "host": "127.0.0.1", "port": self.port, "schema": "postgres"}
        return json.dumps({**address, "login": self.user, "password": self.password, **fields})

    def url(self, database: str) -> str:
        """Return the URL of a database, for Airflow's own."""
        return f"postgresql+psycopg2://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self) -> Any:
        """Return a new connection that commits every statement."""
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
        """Run a statement and return its rows, if it has any."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _initialize(self) -> None:
        password = self._home / "password"
        password.write_text(self.password)
        if self._account:
            shutil.chown(password, "postgres", "postgres")
        options = [f"--username={self.user}", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        self._run("initdb", f"--pgdata={self._home / 'data'}", *options, "--locale=C.UTF-8", "--no-sync")

    def _start(self, *, may_fail: bool) -> bool:
        """Start the server and return whether it answers; it does not when another program uses the port."""
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
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                self.connect().close()
                return True
            except Exception:
                log_text = (self._home / "log").read_text(errors="replace")
                if self._server.poll() is not None and may_fail and "Is another postmaster already running" in log_text:
                    return False
                if self._server.poll() is not None or time.monotonic() > deadline:
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
