"""What the runs say together: medians, ratios of runs made in the same turn, and the machine they were made on."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS
from benchmarks.measuring import Measured

LIBRARIES = ("pyarrow", "pandas", "numpy", "httpx", "requests", "msgspec", "pydantic")

Table = list[list[str]]


def machine() -> dict[str, Any]:
    """Describe the machine, as far as it matters."""
    return {
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def machine_line(facts: dict[str, Any]) -> str:
    """Write the machine as a sentence."""
    hardware = f"{facts['cores']} cores of {facts['processor']}, {facts['memory_gb']} GB"
    software = ", ".join(f"{name} {number}" for name, number in facts["libraries"].items())
    load = f"Load average when the runs began: {facts['load_average']:.1f}."
    return f"{hardware}, Python {facts['python']}, {software}. {load}"


def compared(turns: Sequence[dict[str, Measured]]) -> Table:
    """Show each contender's medians over the turns, and its CPU time as a multiple of ours in the same turn."""
    table = [
        ["", "rows", "CPU s per million", "rows/s", "peak MB", "start-up CPU s", "CPU, times ours", "lost", "doubled",
         "bad rows sent"]
    ]  # fmt: skip
    for name in turns[0]:
        runs = [turn[name] for turn in turns]
        table.append(
            [
                CONTENDERS[name].title,
                f"{runs[0].rows:,}",
                _spread((run.cpu_per_million for run in runs), "{:.1f}"),
                f"{_median(runs, lambda run: run.rows_per_second):,.0f}",
                f"{_median(runs, lambda run: run.peak_mb):,.0f}",
                f"{_median(runs, lambda run: run.start_up):.1f}",
                _ratio(name, turns),
                *(f"{max(counts):,}" for counts in zip(*map(_faults, runs), strict=True)),
            ]
        )
    return table


def memory(runs: Iterable[Measured]) -> Table:
    """Show that memory does not grow with the file."""
    table = [["", "rows", "peak MB", "CPU s per million", "wall s"]]
    table += [
        [CONTENDERS[run.contender].title, f"{run.rows:,}", f"{run.peak_mb:,.0f}", f"{run.cpu_per_million:.1f}",
         f"{run.wall:.1f}"]
        for run in runs
    ]  # fmt: skip
    return table


def stages(runs: Iterable[Measured]) -> Table:
    """Show where the CPU time goes, in seconds per million rows."""
    runs = list(runs)
    names = [*dict.fromkeys(name for run in runs for name in run.stages), "everything else", "all"]
    table = [["", *names]]
    for run in runs:
        seconds = run.stages | {"everything else": run.cpu - sum(run.stages.values()), "all": run.cpu}
        cells = [f"{seconds.get(name, 0) / run.rows * 1e6:.2f}" for name in names]
        table.append([CONTENDERS[run.contender].title, *cells])
    return table


def markdown(table: Table) -> str:
    """Write a table so that it reads well as text, too."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    head, *rows = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in table]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _ratio(name: str, turns: Sequence[dict[str, Measured]]) -> str:
    if not all("load-csv" in turn for turn in turns):
        return ""
    return _spread((turn[name].cpu_per_million / turn["load-csv"].cpu_per_million for turn in turns), "{:.1f}")


def _spread(values: Iterable[float], form: str) -> str:
    values = sorted(values)
    median, low, high = (form.format(value) for value in (statistics.median(values), values[0], values[-1]))
    return median if low == high else f"{median} ({low} to {high})"


def _median(runs: Sequence[Measured], value: Callable[[Measured], float]) -> float:
    return statistics.median(map(value, runs))


def _faults(run: Measured) -> tuple[int, int, int]:
    return run.lost, run.doubled, run.bad_rows_sent


def _line(file: str, key: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
