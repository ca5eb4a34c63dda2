"""Loads in processes of their own, which are killed."""

from __future__ import annotations

import json
import logging
import os
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.storage import retry
from tests.support.killed_load_cases import CASES, Case
from tests.support.plain_rows import PATIENT

#: Small blocks, so that few rows make many of them.
_BLOCK_ROWS, _IN_FLIGHT = 350, 2
#: The emulator's account id, passcode and URL.
Address = tuple[str, str, str]


def prepared(case: Case, source: Path, directory: Path, address: Address) -> tuple[CleverTapClient, Load]:
    """Return a load that starts or resumes, and the client to close after it."""
    options = {"max_in_flight": _IN_FLIGHT, "retries": PATIENT, "max_rejects": "100%", **case.options}
    client = CleverTapClient(*address, max_in_flight=_IN_FLIGHT)
    made = Load(
        case.kind,
        open_source(source, block_rows=_BLOCK_ROWS),
        client,
        LoadOptions(rejects_path=directory / "rejects.csv", report_path=directory / "report.json", **options),
        store=FileCheckpointStore(directory),
    )
    return client, made


def load(case: Case, source: Path, directory: Path, address: Address) -> Summary:
    """Run a load; it starts or resumes."""
    client, made = prepared(case, source, directory, address)
    with client:
        return made.run()


class LoadingProcess:
    """A process that has imported everything, and forks for each load, so that a load starts at once.

    Used as a context. It has one load at a time.
    """

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-c", "from tests.support.killed_loads import _serve; _serve()"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # select does not see buffered data
        )
        self._pid = 0
        self._running = False

    def start(
        self, name: str, source: Path, directory: Path, address: Address, *, max_file_bytes: int | None = None
    ) -> None:
        """Start a load. Its failure is then in the file ``failure`` of its directory.

        :param max_file_bytes: writing more to a file fails, as on a full disk.
        """
        if self._running:  # of a test that has failed
            self.kill()
        self._ask([name, str(source), str(directory), address, max_file_bytes])
        self._pid = int(self._answer())
        self._running = True

    @property
    def over(self) -> bool:
        """Return whether the load has ended."""
        return bool(select.select([self._server.stdout], [], [], 0)[0])

    def kill(self) -> bool:
        """Kill the load; return whether it was still running."""
        os.kill(self._pid, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    def pause(self) -> None:
        """Pause the load, so that it seems to be dead."""
        os.kill(self._pid, signal.SIGSTOP)

    def continue_load(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def wait(self) -> int:
        """Wait for the end of the load; return its exit code, or minus the signal that ended it."""
        assert select.select([self._server.stdout], [], [], 300)[0], "the load does not end"
        self._running = False
        return int(self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._running:
            os.kill(self._pid, signal.SIGKILL)
        self._server.kill()
        self._server.communicate()

    def _ask(self, what: Any) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(what).encode() + b"\n")

    def _answer(self) -> bytes:
        assert self._server.stdout is not None
        return self._server.stdout.readline()


def _serve() -> None:
    import airflow_provider_clevertap.loading.sources.csv.reader  # noqa: F401, the load's own lazy imports

    logging.disable(logging.WARNING)  # failures are what these loads are for
    pid = 0
    for line in sys.stdin:
        name, source, directory, address, max_file_bytes = json.loads(line)
        if pid:  # only now: until then no other process can get its number
            os.waitpid(pid, 0)
        pid = os.fork()
        if not pid:
            if max_file_bytes is not None:
                retry.RETRY_SECONDS = 1.0  # type: ignore[misc]
                resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
            _run_and_exit(name, Path(source), Path(directory), tuple(address))
        _write(pid)
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        killed = ended is not None and ended.si_code == os.CLD_KILLED
        _write(-ended.si_status if killed else ended.si_status)  # type: ignore[union-attr]


def _write(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _run_and_exit(name: str, source: Path, directory: Path, address: Any) -> None:
    code = 1
    try:
        load(CASES[name], source, directory, address)
        code = 0
    except BaseException as error:
        (directory / "failure").write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)
