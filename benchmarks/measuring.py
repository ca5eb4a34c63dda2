"""Run one contender against one server, each in its own process, and measure the contender."""

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

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.data import DATASETS, data_file

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
#: Files with more rows are deleted after each run.
_MAX_KEPT_ROWS = 2_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a table: a contender, and the settings it runs with.

    :param contender: its key in ``CONTENDERS``.
    :param name: its name for ``--only``; by default the contender's.
    :param title: its name in the table; by default the contender's title.
    :param scale: multiplies the rows of the table.
    :param fixed_rows: the rows of this job, whatever the rows of the table; 0 for those of the table.
    :param latency_ms: how long the server waits before each answer.
    :param in_flight: the contender's maximum of requests in flight.
    :param ceiling: how many requests in flight the server accepts, 0 for any number.
    :param ceiling_seconds: how long after the first request it accepts any number, 0 for never.
    :param fault: how some requests fail at the server: ``503``, ``429`` or ``reset``.
    :param fault_share: the share of requests that fail.
    :param gzip: the contender compresses its requests.
    :param one_core: the contender's process runs on one core.
    :param artifacts: a load has a rejects file and a report.
    :param checkpoint: a load has a checkpoint, in a file.
    :param log: a load has a log file.
    :param stages: the CPU time is also measured by stage.
    """

    contender: str
    name: str = ""
    title: str = ""
    scale: float = 1
    fixed_rows: int = 0
    latency_ms: float = 0
    in_flight: int = 10
    ceiling: int = 0
    ceiling_seconds: float = 0
    fault: str = "503"
    fault_share: float = 0
    gzip: bool = False
    one_core: bool = False
    artifacts: bool = True
    checkpoint: bool = True
    log: bool = False
    stages: bool = False

    @property
    def key(self) -> str:
        return self.name or self.contender

    @property
    def shown(self) -> str:
        return self.title or CONTENDERS[self.contender].title

    def rows(self, rows: int) -> int:
        """Return how many rows this job loads.

        :param rows: the rows of the table.
        """
        return self.fixed_rows or max(round(rows * self.scale) // CONTENDERS[self.contender].share, 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of one run.

    :param rows: rows of its source.
    :param file_mb: the size of its file, in MB of a million bytes.
    :param cpu: seconds of user and system time, all threads, from opening the source to the last answer.
    :param start_up: the same before that: the interpreter, imports, and reading a DataFrame.
    :param wall: seconds from opening the source to the last answer.
    :param peak_mb: the peak memory of the process, in MB of a million bytes.
    :param added_mb: how far the peak is above the memory of the process when the load began.
    :param lost: valid rows the server did not receive.
    :param doubled: rows it received more than once.
    :param bad_rows_sent: invalid rows it received.
    :param in_flight: requests in flight at the server, the mean over the time of the load.
    :param full: the share of that time in which the contender's maximum was in flight.
    :param server: the other counts of the server.
    :param stages: CPU seconds by stage, if measured.
    """

    rows: int
    file_mb: float
    cpu: float
    start_up: float
    wall: float
    peak_mb: float
    added_mb: float
    lost: int
    doubled: int
    bad_rows_sent: int
    in_flight: float
    full: float
    server: dict[str, Any]
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_per_million(self) -> float:
        return self.cpu / self.rows * 1e6

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.wall


def measure(job: Job, directory: Path, rows: int) -> Measured:
    """Run one job. Its data file is written first, unless it exists.

    :param directory: the directory of the data files.
    :param rows: the rows of the job's source.
    :raises RuntimeError: the job failed, or this package's own count of the rows is wrong.
    """
    contender = CONTENDERS[job.contender]
    with _file(directory, contender, rows) as file, _server(job, contender.dataset, rows) as (url, tally):
        file_mb = file.stat().st_size / 1e6
        measured, peak_mb = _run(job, directory, rows, url)
    _check_own_count(job, contender.dataset, rows, measured["facts"])
    return Measured(
        rows=rows,
        file_mb=file_mb,
        cpu=measured["cpu"],
        start_up=measured["start_up"],
        wall=measured["wall"],
        peak_mb=peak_mb,
        added_mb=measured["added_mb"],
        lost=tally.pop("lost"),
        doubled=tally.pop("doubled"),
        bad_rows_sent=tally.pop("bad_rows_sent"),
        **_in_flight(tally.pop("seconds_in_flight"), job.in_flight),
        server=tally,
        stages=measured.get("stages", {}),
    )


def _run(job: Job, directory: Path, rows: int, url: str) -> tuple[dict[str, Any], float]:
    command = ["--data", str(directory), "--rows", str(rows), "--url", url, "--in-flight", str(job.in_flight)]
    flags = {
        "--no-artifacts": not job.artifacts,
        "--no-checkpoint": not job.checkpoint,
        "--log": job.log,
        "--one-core": job.one_core,
        "--gzip": job.gzip,
        "--stages": job.stages,
    }
    command += [flag for flag, is_set in flags.items() if is_set]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.contenders", job.contender, *command], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    measured = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{job.key} failed, see above")
    # Airflow may log to standard output; the figures are the last line.
    return json.loads(measured.splitlines()[-1]), used.ru_maxrss * 1024 / 1e6


@contextmanager
def _file(directory: Path, contender: Contender, rows: int) -> Iterator[Path]:
    file = data_file(directory, contender.dataset, rows, contender.extension)
    # In another process, so that this one stays small.
    command = ["benchmarks.data.files", str(directory), contender.dataset, str(rows), contender.extension]
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=ROOT)
    try:
        yield file
    finally:
        if rows > _MAX_KEPT_ROWS:
            file.unlink()


@contextmanager
def _server(job: Job, dataset: str, rows: int) -> Iterator[tuple[str, dict[str, Any]]]:
    tally: dict[str, Any] = {}
    options = {
        "--latency-ms": job.latency_ms,
        "--ceiling": job.ceiling,
        "--ceiling-seconds": job.ceiling_seconds,
        "--fault": job.fault,
        "--fault-share": job.fault_share,
    }
    arguments = [str(word) for pair in options.items() for word in pair]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.counting_server", "--dataset", dataset, "--rows", str(rows), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", tally
        tally |= json.loads(process.communicate(timeout=60)[0])
    finally:
        process.kill()
        process.wait()


def _in_flight(seconds: list[float], maximum: int) -> dict[str, float]:
    """Return the mean number of requests in flight, and the share of the time with the maximum in flight."""
    whole = sum(seconds) or 1.0
    mean = sum(number * spent for number, spent in enumerate(seconds)) / whole
    return {"in_flight": mean, "full": sum(seconds[maximum:]) / whole}


def _check_own_count(job: Job, dataset: str, rows: int, facts: dict[str, Any]) -> None:
    if not facts:
        return
    bad, replaced = DATASETS[dataset].dirt.count(rows), DATASETS[dataset].replaced.count(rows)
    expected = {"rows": rows, "accepted": rows - bad - replaced, "invalid": bad, "skipped": replaced}
    counted = {outcome: facts[outcome] for outcome in expected}
    if counted != expected:
        raise RuntimeError(f"{job.key} counted {counted}, and there are {expected}")
