"""An Airflow and a CleverTap emulator of one's own, in a directory that can be thrown away."""

from __future__ import annotations

import fcntl
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

#: Slots of each pool: CleverTap takes 15 uploads of one account at a time.
POOLS = {"clevertap": 15}


def own_directory(name: str) -> Path:
    """Give the directory ``.demo/<name>``, with what is in it."""
    directory = ROOT / ".demo" / name
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def fresh_directory(name: str) -> Path:
    """Give an empty directory ``.demo/<name>``."""
    directory = own_directory(name)
    shutil.rmtree(directory, ignore_errors=True)
    return own_directory(name)


def end_what_lives_in(directory: Path) -> None:
    """End the processes that a script left in a directory when it was killed, and that know of nothing else."""
    marks = (f"AIRFLOW_HOME={directory}".encode(), f"{directory}/clevertap.sqlite".encode())
    ended = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = {*process.joinpath("environ").read_bytes().split(b"\0"), *_arguments(process)}
            if said.intersection(marks) and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)
                ended.append(process)
    # Their ports are free once they are gone, which takes a moment.
    for process in ended:
        with suppress(OSError):
            while any(_arguments(process)):
                time.sleep(0.01)


def _arguments(process: Path) -> list[bytes]:
    return process.joinpath("cmdline").read_bytes().split(b"\0")


def free_port() -> int:
    """Return a port of this machine that nobody listens on, and that is given to no other caller.

    It is none of those the system gives to whoever asks for any, so that it stays free until it is used. The byte of
    its number in a file is locked until this process ends, which keeps other processes that ask here from it.
    """
    low = _lowest_given_away()
    for port in random.SystemRandom().sample(range(_LOWEST_PORT, low), max(0, low - _LOWEST_PORT)):
        if port in _our_ports or not _is_free(port):
            continue
        try:
            fcntl.lockf(_port_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            continue
        _our_ports.add(port)
        return port
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


_LOWEST_PORT = 20_000
_our_ports: set[int] = set()


@cache
def _port_locks() -> IO[bytes]:
    return Path(tempfile.gettempdir(), f"clevertap-ports-{os.getuid()}.lock").open("ab")


def _lowest_given_away() -> int:
    """Return the lowest port that the system gives to programs that do not ask for a certain one."""
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return _LOWEST_PORT


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def airflow_environment(directory: Path, **settings: str) -> dict[str, str]:
    """Give the environment of an Airflow that lives in a directory and knows nothing of another one on this machine.

    :param settings: settings by name, such as ``CORE__TEST_CONNECTION``.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    ours = {
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
        **{f"AIRFLOW__{name}": value for name, value in ours.items()},
    }


def server_settings(port: int) -> dict[str, str]:
    """Give the settings that let an Airflow run beside others: every port its own, and no login on this machine."""
    address = f"http://127.0.0.1:{port}"
    return {
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": address,
        "API__WORKERS": "1",
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }


def connection_to(url: str) -> dict[str, str]:
    """Give the connection to the emulator."""
    return {"conn_type": "clevertap", "login": ACCOUNT_ID, "password": PASSCODE, "host": url}


def shop_in(directory: Path) -> dict[str, str]:
    """Make the database the event examples read, unless it is there; give the connection to it."""
    database = directory / "shop.db"
    if not database.exists():
        subprocess.run([PYTHON, EXAMPLES / "data" / "make_shop.py", database], check=True)
    return {"conn_type": "sqlite", "host": str(database)}


@contextmanager
def emulator(directory: Path, *, latency: float = 0.0) -> Iterator[str]:
    """Run an emulator; give its address, which stays the same for a directory. It is stopped at the end, always.

    :param directory: its log, and all that arrives, are there.
    :param latency: seconds it takes to answer.
    """
    ready = directory / "address"
    port = _port_of(ready)
    ready.unlink(missing_ok=True)
    command = [
        *(PYTHON, "-m", "airflow_provider_clevertap.emulator", "--port", str(port), "--ready-file", str(ready)),
        *("--account-id", ACCOUNT_ID, "--passcode", PASSCODE, "--database", str(directory / "clevertap.sqlite")),
        *("--latency", str(latency)),
    ]
    with background(command, dict(os.environ), directory / "emulator.log") as process:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit(f"The emulator did not start:\n{(directory / 'emulator.log').read_text()}")
            time.sleep(0.05)
        yield ready.read_text().strip()


def _port_of(ready: Path) -> int:
    """Give the port an emulator had before, 0 when there was none or another program has taken it."""
    if not ready.exists():
        return 0
    port = int(ready.read_text().rpartition(":")[2])
    return port if _is_free(port) else 0


@contextmanager
def background(
    command: list[str], environment: dict[str, str], log: Path, *, patience: float = 10
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command beside this one, with a session of its own, so that it can be stopped with all it has started."""
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
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            _signal_group(process.pid, number)
            end = time.monotonic() + seconds
            while _signal_group(process.pid, 0) and _is_at_work(process.pid) and time.monotonic() < end:
                process.poll()
                time.sleep(0.05)


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to a process and all it has started; tell whether any of them was there."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _is_at_work(group: int) -> bool:
    """Tell whether a process of a group is more than an entry that nobody has asked for, as in containers they stay."""
    if not Path("/proc/self/stat").exists():
        return True
    for process in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group, *_ = process.read_text(errors="replace").rpartition(")")[2].split()
            if int(of_group) == group and state != "Z":
                return True
    return False


def stop_on_sigterm() -> None:
    """Let SIGTERM end a script as Ctrl-C does, so that what it started is stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
