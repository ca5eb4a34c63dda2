"""One contender against one server, each in a process of its own, and what the contender took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS
from benchmarks.people import bad_rows

_HERE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took.

    :param contender: its key in ``CONTENDERS``.
    :param rows: rows of its source.
    :param cpu: seconds of user and system time, all threads, from opening the source to the last answer.
    :param start_up: the same before that: the interpreter, imports, and for a frame making it.
    :param wall: seconds from opening the source to the last answer.
    :param peak_mb: the most memory the process ever held, in MB of a million bytes.
    :param lost: good rows the server never got.
    :param doubled: rows it got more than once.
    :param bad_rows_sent: bad rows it got.
    :param server: what the server counted.
    :param stages: CPU seconds of each station, when asked for.
    """

    contender: str
    rows: int
    cpu: float
    start_up: float
    wall: float
    peak_mb: float
    lost: int
    doubled: int
    bad_rows_sent: int
    server: dict[str, Any]
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_per_million(self) -> float:
        return self.cpu / self.rows * 1e6

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.wall


def make_data(directory: Path, rows: int, extension: str) -> None:
    """Make a file of people, unless it is there; in another process, so that this one stays small."""
    _call("benchmarks.people", str(directory), str(rows), extension)


def measure(name: str, directory: Path, rows: int, *, latency_ms: float = 0, stages: bool = False) -> Measured:
    """Let one contender load so many people.

    :raises RuntimeError: when it fails, or when this package's own count of the rows is wrong.
    """
    with _server(rows, latency_ms) as (url, tally):
        command = ["--data", str(directory), "--rows", str(rows), "--url", url, *(["--stages"] if stages else [])]
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contenders", name, *command], stdout=subprocess.PIPE, cwd=_HERE
        )
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{name} failed, see above")
    taken = json.loads(said)
    _check_own_count(name, rows, taken["facts"])
    return Measured(
        contender=name,
        rows=rows,
        cpu=taken["cpu"],
        start_up=taken["start_up"],
        wall=taken["wall"],
        peak_mb=used.ru_maxrss * 1024 / 1e6,
        lost=tally.pop("lost"),
        doubled=tally.pop("doubled"),
        bad_rows_sent=tally.pop("bad_rows_sent"),
        server=tally,
        stages=taken.get("stages", {}),
    )


def rows_of(name: str, rows: int) -> int:
    """Give the rows a contender gets."""
    return max(rows // CONTENDERS[name].share, 1)


@contextmanager
def _server(rows: int, latency_ms: float) -> Iterator[tuple[str, dict[str, Any]]]:
    tally: dict[str, Any] = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.counting_server", "--rows", str(rows), "--latency-ms", str(latency_ms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_HERE,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", tally
        tally |= json.loads(process.communicate(timeout=60)[0])
    finally:
        process.kill()
        process.wait()


def _check_own_count(name: str, rows: int, facts: dict[str, Any]) -> None:
    if not facts:
        return
    expected = {"rows": rows, "accepted": rows - bad_rows(rows), "invalid": bad_rows(rows)}
    counted = {outcome: facts[outcome] for outcome in expected}
    if counted != expected:
        raise RuntimeError(f"{name} counted {counted}, and there are {expected}")


def _call(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, cwd=_HERE)
