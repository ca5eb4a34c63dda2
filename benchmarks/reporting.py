"""Summaries of the runs: medians, ratios of runs in the same turn, and a description of the machine."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measuring import Job, Measured
from benchmarks.tables import Comparison

LIBRARIES = ("pyarrow", "pandas", "numpy", "httpx", "requests", "msgspec", "pydantic")

Table = list[list[str]]
#: The run of each job in one turn, by the job's key.
Turn = Mapping[str, Measured]
Runs = Sequence[Measured]


def machine() -> dict[str, Any]:
    """Return a description of the machine and of the libraries."""
    return {
        "day": datetime.now(UTC).strftime("%-d %B %Y"),
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def machine_line(facts: dict[str, Any]) -> str:
    """Return the description of the machine as one line."""
    hardware = f"{facts['day']}, {facts['cores']} cores of {facts['processor']}, {facts['memory_gb']} GB"
    software = ", ".join(f"{name} {number}" for name, number in facts["libraries"].items())
    return f"{hardware}, Python {facts['python']}, {software}"


def spread(values: Iterable[float], template: str) -> str:
    """Return the median as text, with the minimum and the maximum where they differ."""
    values = sorted(values)
    median, low, high = (template.format(value) for value in (statistics.median(values), values[0], values[-1]))
    return median if low == high else f"{median} ({low} to {high})"


def _median(form: str, value: Callable[[Measured], float]) -> Callable[[Runs], str]:
    return lambda runs: form.format(statistics.median(map(value, runs)))


def _spread(form: str, value: Callable[[Measured], float]) -> Callable[[Runs], str]:
    return lambda runs: spread(map(value, runs), form)


def _worst(value: Callable[[Measured], int]) -> Callable[[Runs], str]:
    return lambda runs: f"{max(map(value, runs)):,}"


#: The columns a table can have, and how each is computed from a job's runs.
COLUMNS: Mapping[str, Callable[[Runs], str]] = {
    "rows": lambda runs: f"{runs[0].rows:,}",
    "CPU s": _spread("{:.2f}", lambda run: run.cpu),
    "CPU s per million": _spread("{:.2f}", lambda run: run.cpu_per_million),
    "CPU s per 100 MB": _median("{:.2f}", lambda run: run.cpu / run.file_mb * 100),
    "rows/s": _median("{:,.0f}", lambda run: run.rows_per_second),
    "peak MB": _median("{:,.0f}", lambda run: run.peak_mb),
    "MB added": _median("{:,.0f}", lambda run: run.added_mb),
    "MB per million rows": _median("{:,.0f}", lambda run: run.file_mb / run.rows * 1e6),
    "start-up CPU s": _median("{:.1f}", lambda run: run.start_up),
    "in flight": _median("{:.1f}", lambda run: run.in_flight),
    "time with all in flight": _median("{:.0%}", lambda run: run.full),
    "requests": _median("{:,.0f}", lambda run: run.server["requests"]),
    "429s": _median("{:,.0f}", lambda run: run.server["refused"]),
    "failed": _median("{:,.0f}", lambda run: run.server["failed"]),
    "MB sent": _median("{:,.0f}", lambda run: run.server["bytes"] / 1e6),
    "lost": _worst(lambda run: run.lost),
    "doubled": _worst(lambda run: run.doubled),
    "bad rows sent": _worst(lambda run: run.bad_rows_sent),
}


def compared(comparison: Comparison, jobs: Sequence[Job], turns: Sequence[Turn]) -> Table:
    """Return a table of each job's medians over the turns, with the minimum and the maximum in brackets."""
    table = [["", *comparison.columns]]
    for job in jobs:
        runs = [turn[job.key] for turn in turns]
        table.append([job.shown, *(_cell(column, comparison, job, runs, turns) for column in comparison.columns)])
    return table


def _cell(column: str, comparison: Comparison, job: Job, runs: Runs, turns: Sequence[Turn]) -> str:
    if column == "of those asked":
        return f"{statistics.median(run.in_flight for run in runs) / job.in_flight:.0%}"
    if column == "until all in flight, s":
        reached = [run.server["climb"][job.in_flight - 1 :] for run in runs]
        return f"{statistics.median(seconds[0] for seconds in reached):.1f}" if all(reached) else ""
    measure, times, _ = column.partition(", times ")
    if not times:
        return COLUMNS[column](runs)
    if not all(comparison.baseline in turn for turn in turns):
        return ""

    def cost(run: Measured) -> float:
        return (run.cpu if measure == "CPU" else run.wall) / run.rows

    return spread((cost(turn[job.key]) / cost(turn[comparison.baseline]) for turn in turns), "{:.2f}")


def stages(jobs: Sequence[Job], turn: Turn) -> Table:
    """Return a table of the CPU time by stage, in seconds per million rows."""
    seconds = {job.key: stage_seconds(turn[job.key]) for job in jobs}
    names = list(dict.fromkeys(name for by_stage in seconds.values() for name in by_stage))
    names = [*(name for name in names if name not in ("everything else", "all")), "everything else", "all"]
    return [
        ["", *names],
        *([job.shown, *(f"{seconds[job.key].get(name, 0):.2f}" for name in names)] for job in jobs),
    ]


def stage_seconds(run: Measured) -> dict[str, float]:
    """Return the CPU seconds per million rows of each stage, of everything else and of all."""
    seconds = run.stages | {"everything else": run.cpu - sum(run.stages.values()), "all": run.cpu}
    return {name: spent / run.rows * 1e6 for name, spent in seconds.items()}


def markdown(table: Table) -> str:
    """Return a table in Markdown, with its columns aligned."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    head, *rows = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in table]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _line(file: str, key: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
