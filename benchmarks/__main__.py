"""Measure this package next to the scripts people write in its place: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import parsing, plots, reporting, sending
from benchmarks.measuring import RESULTS, Job, Measured, measure
from benchmarks.tables import TABLES, Comparison

#: parsing is quick and moves much from one time to the next
PARSINGS = 4
#: of the usual number of requests
QUICK_SENDING = 0.05


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Loads generated rows into a loopback server, by this package and by scripts, in turn, each in a "
        "process of its own; writes tables of CPU time, speed, memory, and what was lost, doubled or sent unchecked.",
    )
    names = (*TABLES, "sending", "parsing")
    parser.add_argument("--table", nargs="+", choices=names, default=names, metavar="TABLE",
                        help=f"of {', '.join(names)}; default: all")  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="ROW", help="rows of the tables, see --list; default: all")
    parser.add_argument("--list", action="store_true", help="list the tables and their rows")
    parser.add_argument("--rows", type=int, help="rows to load (default: 1,000,000; with --quick 50,000)")
    parser.add_argument("--turns", type=int, help="how often each row of a table is measured (default: 3; --quick: 1)")
    parser.add_argument("--quick", action="store_true", help="a minute or two in all: to see that it works")
    parser.add_argument("--out", type=Path, help="where results go (default: benchmarks/results/, and quick/ or part/ "
                        "in it for what is not whole tables)")  # fmt: skip
    asked = parser.parse_args()
    known = {job.key for table in TABLES.values() for job in table.jobs}
    if unknown := set(asked.only or ()) - known:
        parser.error(f"no row {', '.join(sorted(unknown))}: see --list")
    part = "quick" if asked.quick else "part" if asked.only or asked.rows else ""
    asked.out = asked.out or RESULTS / part
    asked.rows = asked.rows or (50_000 if asked.quick else 1_000_000)
    asked.turns = asked.turns or (1 if asked.quick else 3)
    return asked


def main() -> None:
    asked = arguments()
    if asked.list:
        for name, comparison in TABLES.items():
            print(f"{name:14}{comparison.title}\n{'':14}  {' '.join(job.key for job in comparison.jobs)}")
        for name, more in (("sending", sending), ("parsing", parsing)):
            print(f"{name:14}{more.TITLE}")
        return
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.table:
        if name in ("sending", "parsing"):
            if not asked.only:
                (_send if name == "sending" else _parse)(asked)
            continue
        comparison = TABLES[name]
        jobs = [job for job in comparison.jobs if not asked.only or job.key in asked.only]
        if jobs:
            _compare(asked, name, comparison, jobs)
    plots.draw(asked.out)
    print(f"Tables, plots and raw figures are in {asked.out}")


def _compare(asked: argparse.Namespace, name: str, comparison: Comparison, jobs: Sequence[Job]) -> None:
    count = min(asked.turns, comparison.most_turns)
    record = _record(comparison.title, count)
    turns: list[dict[str, Measured]] = []
    for _ in range(count):
        turns.append({job.key: _run(asked, job) for job in jobs})
    looks_within = any(job.stages for job in jobs)
    table = reporting.stages(jobs, turns[-1]) if looks_within else reporting.compared(comparison, jobs, turns)
    runs = [
        {"row": job.key, "title": job.shown, "turn": at, **asdict(turn[job.key])}
        for at, turn in enumerate(turns)
        for job in jobs
    ]
    _write(asked.out / name, record, table, runs)


def _run(asked: argparse.Namespace, job: Job) -> Measured:
    rows = job.rows(asked.rows)
    run = measure(job, RESULTS / "data", rows)
    print(f"{job.key:28}{rows:>12,} rows {run.wall:8.1f} s {run.cpu_per_million:8.2f} CPU s per million", flush=True)
    return run


def _send(asked: argparse.Namespace) -> None:
    record = _record(sending.TITLE, asked.turns)
    turns = sending.measure(asked.turns, QUICK_SENDING if asked.quick else 1)
    _write(asked.out / "sending", record, sending.table(turns), turns)


def _parse(asked: argparse.Namespace) -> None:
    count = asked.turns * PARSINGS
    record = _record(parsing.TITLE, count)
    turns = parsing.measure(count)
    _write(asked.out / "parsing", record, parsing.table(turns), turns)


def _record(title: str, turns: int) -> dict[str, Any]:
    """Begin what is kept of a table, before its runs put load on the machine."""
    machine = reporting.machine()
    took = "One turn" if turns == 1 else f"Medians of {turns} turns, the least and the most in brackets"
    return {"title": title, "machine": machine, "turns": turns, "took": took}


def _write(path: Path, record: dict[str, Any], table: reporting.Table, runs: Sequence[dict[str, Any]]) -> None:
    text = reporting.markdown(table)
    print(f"\n### {record['title']}\n\n{text}\n")
    found = json.dumps(record | {"table": text, "runs": list(runs)}, indent=1)
    path.with_suffix(".json").write_text(found + "\n", encoding="utf-8")
    measured = f"{record['took']}; {reporting.machine_line(record['machine'])}, load {record['machine']['load']:.1f}."
    shown = f"### {record['title']}\n\n{text}\n\n{measured}\n"
    path.with_suffix(".md").write_text(shown, encoding="utf-8")


if __name__ == "__main__":
    main()
