"""Measure this package next to the scripts people write in its place: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import reporting
from benchmarks.contenders import CONTENDERS
from benchmarks.measuring import Measured, make_data, measure, rows_of

RESULTS = Path(__file__).parent / "results"
#: how much larger the second file of the memory table is
GROWTH = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Loads generated profiles into a loopback server, by this package and by scripts, in turn, each in "
        "a process of its own; prints CPU time, speed, memory, and what was lost, doubled or sent unchecked.",
    )
    parser.add_argument("--rows", type=int, help="profiles to load (default: 1,000,000; with --quick 200,000)")
    parser.add_argument("--runs", type=int, help="turns (default: 5; with --quick 2)")
    parser.add_argument("--latency-ms", type=float, default=0, help="what the server waits before each answer")
    parser.add_argument("--quick", action="store_true", help="about a minute instead of ten")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="CONTENDER",
                        help=f"of {', '.join(CONTENDERS)}")  # fmt: skip
    parser.add_argument("--profile", action="store_true", help="show where this package's CPU time goes instead")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the data and the results go")
    asked = parser.parse_args()
    asked.rows = asked.rows or (200_000 if asked.quick else 1_000_000)
    asked.runs = asked.runs or (2 if asked.quick else 5)
    return asked


def main() -> None:
    asked = arguments()
    found = {"machine": reporting.machine(), "rows": asked.rows, "latency_ms": asked.latency_ms}
    print(reporting.machine_line(found["machine"]))
    ours = [name for name in asked.only if name.startswith("load-")]
    tables = {}
    if asked.profile:
        runs = [_run(asked, name, asked.rows, stages=True) for name in ours]
        tables["Where the CPU time goes (s per million rows)"] = reporting.stages(runs)
    else:
        turns = [{name: _run(asked, name, rows_of(name, asked.rows)) for name in asked.only} for _ in range(asked.runs)]
        waits = f"answers after {asked.latency_ms:g} ms" if asked.latency_ms else "answers at once"
        tables[f"{asked.rows:,} profiles, {waits}, medians of {asked.runs} turns"] = reporting.compared(turns)
        runs = [run for turn in turns for run in turn.values()]
        if "load-csv" in ours:
            small = turns[-1]["load-csv"]
            large = _run(asked, "load-csv", asked.rows * GROWTH)
            tables["Memory"] = reporting.memory([small, large])
            runs.append(large)
    _write(asked, found | {"runs": [asdict(run) for run in runs]}, tables)


def _run(asked: argparse.Namespace, name: str, rows: int, *, stages: bool = False) -> Measured:
    make_data(asked.out, rows, CONTENDERS[name].extension)
    run = measure(name, asked.out, rows, latency_ms=asked.latency_ms, stages=stages)
    print(f"{name:14}{rows:>12,} rows {run.wall:8.1f} s {run.cpu_per_million:8.1f} CPU s per million", flush=True)
    return run


def _write(asked: argparse.Namespace, found: dict[str, Any], tables: dict[str, reporting.Table]) -> None:
    text = "\n\n".join(f"### {title}\n\n{reporting.markdown(table)}" for title, table in tables.items())
    print(f"\n{text}\n")
    name = f"{'profile' if asked.profile else 'compared'}-{asked.rows}-{asked.latency_ms:g}ms"
    (asked.out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (asked.out / f"{name}.md").write_text(f"{reporting.machine_line(found['machine'])}\n\n{text}\n", encoding="utf-8")
    print(f"Written to {asked.out / name}.md and .json")


if __name__ == "__main__":
    main()
