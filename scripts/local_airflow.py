"""A private Airflow and CleverTap emulator, in a directory that can be deleted."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "dags_examples"
PYTHON = sys.executable

ACCOUNT_ID = "TEST-ACCOUNT"
PASSCODE = "TEST-PASSCODE"

#: Slots of each pool: CleverTap accepts 15 uploads of one account at a time.
POOLS = {"clevertap": 15}


def own_directory(name: str) -> Path:
    """Return the directory ``.demo/<name>``; its content stays."""
    directory = ROOT / ".demo" / name
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def fresh_directory(name: str) -> Path:
    """Return the directory ``.demo/<name>``, emptied."""
    directory = own_directory(name)
    shutil.rmtree(directory, ignore_errors=True)
    return own_directory(name)


def end_processes_of(directory: Path) -> None:
    """Kill the processes of a directory that are still running because the script that started them was killed."""
    marks = (f"AIRFLOW_HOME={directory}".encode(), f"{directory}/clevertap.sqlite".encode())
    killed = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = {*process.joinpath("environ").read_bytes().split(b"\0"), *_arguments(process)}
            if words.intersection(marks) and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)
                killed.append(process)
    # Their ports are free only when they have ended.
    for process in killed:
        with suppress(OSError):
            while any(_arguments(process)):
                time.sleep(0.01)


def _arguments(process: Path) -> list[bytes]:
    return process.joinpath("cmdline").read_bytes().split(b"\0")


def free_port() -> int:
    """Return a port of this machine that no program listens on, and that no other caller gets.

    It is not in the range from which the system chooses ports for programs, so that it stays free until it is used.
    Until this process ends it holds a lock on one byte of a file, at the port's number, so that no other process that
    calls this function gets the port.
    """
    low = _lowest_ephemeral_port()
    for port in random.SystemRandom().sample(range(_LOWEST_PORT, low), max(0, low - _LOWEST_PORT)):
        if port in _own_ports or not _is_free(port):
            continue
        try:
            fcntl.lockf(_port_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            continue
        _own_ports.add(port)
        return port
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


_LOWEST_PORT = 20_000
_own_ports: set[int] = set()


@cache
def _port_locks() -> IO[bytes]:
    return Path(tempfile.gettempdir(), f"clevertap-ports-{os.getuid()}.lock").open("ab")


def _lowest_ephemeral_port() -> int:
    """Return the lowest port of the range from which the system chooses ports for programs."""
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return _LOWEST_PORT


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def airflow_environment(directory: Path, **settings: str) -> dict[str, str]:
    """Return the environment variables of an Airflow in a directory, without those of another one on this machine.

    :param settings: settings by name, such as ``CORE__TEST_CONNECTION``.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {
        "CORE__DAGS_FOLDER": str(EXAMPLES),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__TEST_CONNECTION": "Enabled",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{directory}/airflow.db",
        **settings,
    }
    return {
        **inherited,
        "AIRFLOW_HOME": str(directory),
        "NO_COLOR": "1",
        "COLUMNS": "250",
        "PATH": os.pathsep.join([str(Path(PYTHON).parent), inherited.get("PATH", "")]),
        **{f"AIRFLOW__{name}": value for name, value in own.items()},
    }


def server_settings(port: int) -> dict[str, str]:
    """Return the settings with which an Airflow runs beside others: own ports, and no login on this machine."""
    address = f"http://127.0.0.1:{port}"
    return {
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": address,
        "API__WORKERS": "1",
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "WORKERS__EXECUTION_API_TIMEOUT": "60",  # the default, 5 seconds, is too short for a busy machine
        "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }


def connection_to(url: str) -> dict[str, str]:
    """Return the connection to the emulator, whose days are those of UTC."""
    extra = json.dumps({"project_timezone": "UTC"})
    return {"conn_type": "clevertap", "login": ACCOUNT_ID, "password": PASSCODE, "host": url, "extra": extra}


def shop_in(directory: Path) -> dict[str, str]:
    """Make the database of the event examples, unless it exists; return the connection to it."""
    database = directory / "shop.db"
    if not database.exists():
        subprocess.run([PYTHON, EXAMPLES / "data" / "make_shop.py", database], check=True)
    return {"conn_type": "sqlite", "host": str(database)}


@contextmanager
def emulator(directory: Path, *, latency: float = 0.0) -> Iterator[str]:
    """Run an emulator during a context; yield its address, which stays the same for a directory.

    :param directory: the place of its log and its database.
    :param latency: seconds before each answer.
    """
    ready = directory / "address"
    port = _port_of(ready)
    ready.unlink(missing_ok=True)
    command = [
        *(PYTHON, "-m", "airflow_provider_clevertap.emulator", "--port", str(port), "--ready-file", str(ready)),
        *("--account-id", ACCOUNT_ID, "--passcode", PASSCODE, "--database", str(directory / "clevertap.sqlite")),
        *("--latency", str(latency)),
        # The examples of customer data platforms send the names that these have been sending.
        *("--event-names", "accept", "--web-page-viewed", "accept"),
    ]
    with background(command, dict(os.environ), directory / "emulator.log") as process:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit(f"The emulator did not start:\n{(directory / 'emulator.log').read_text()}")
            time.sleep(0.05)
        yield ready.read_text().strip()


def _port_of(ready: Path) -> int:
    """Return the port the emulator had before, 0 when there was none or another program uses it."""
    if not ready.exists():
        return 0
    port = int(ready.read_text().rpartition(":")[2])
    return port if _is_free(port) else 0


@contextmanager
def background(
    command: list[str], environment: dict[str, str], log: Path, *, stop_seconds: float = 10
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in the background during a context, and stop it with all processes it has started.

    :param log: receives its output.
    :param stop_seconds: how long it may take to stop before it is killed.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for number, seconds in ((signal.SIGTERM, stop_seconds), (signal.SIGKILL, 5.0)):
            _signal_group(process.pid, number)
            deadline = time.monotonic() + seconds
            while _signal_group(process.pid, 0) and _is_running(process.pid) and time.monotonic() < deadline:
                process.poll()
                time.sleep(0.05)


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; return whether it exists."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _is_running(group: int) -> bool:
    """Return whether a process of a group is running. Zombies do not count; in containers they may stay forever."""
    if not Path("/proc/self/stat").exists():
        return True
    for process in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group, *_ = process.read_text(errors="replace").rpartition(")")[2].split()
            if int(of_group) == group and state != "Z":
                return True
    return False


def stop_on_sigterm() -> None:
    """Make SIGTERM interrupt the script like Ctrl-C, so that it stops the processes it started."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
