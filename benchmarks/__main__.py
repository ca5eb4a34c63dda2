"""Measure this package and scripts that people write instead: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import columns, exporting, parsing, plots, reporting, sending
from benchmarks.measuring import RESULTS, Job, Measured, measure
from benchmarks.tables import TABLES, Comparison

#: Parsing is quick and its time varies much, so it is measured so many times per turn.
PARSINGS = 4
#: Share of the usual number of requests with ``--quick``.
QUICK_SENDING = 0.05


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Loads generated rows into a loopback server, by this package and by scripts, in turn, each in "
        "its own process; writes tables of CPU time, speed, memory, and of rows lost, doubled or sent unchecked.",
    )
    names = (*TABLES, "columns", "exporting", "sending", "parsing")
    parser.add_argument("--table", nargs="+", choices=names, default=names, metavar="TABLE",
                        help=f"of {', '.join(names)}; default: all")  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="ROW", help="rows of the tables, see --list; default: all")
    parser.add_argument("--list", action="store_true", help="list the tables and their rows")
    parser.add_argument("--rows", type=int, help="rows to load (default: 1,000,000; with --quick 50,000)")
    parser.add_argument("--turns", type=int, help="how often each row of a table is measured (default: 3; --quick: 1)")
    parser.add_argument("--quick", action="store_true", help="a minute or two in all, to check that it works")
    parser.add_argument("--out", type=Path, help="directory for results (default: benchmarks/results/, or quick/ or "
                        "part/ in it for incomplete tables)")  # fmt: skip
    arguments = parser.parse_args()
    known = {job.key for table in TABLES.values() for job in table.jobs}
    if unknown := set(arguments.only or ()) - known:
        parser.error(f"no row {', '.join(sorted(unknown))}: see --list")
    part = "quick" if arguments.quick else "part" if arguments.only or arguments.rows else ""
    arguments.out = arguments.out or RESULTS / part
    arguments.rows = arguments.rows or (50_000 if arguments.quick else 1_000_000)
    arguments.turns = arguments.turns or (1 if arguments.quick else 3)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    if arguments.list:
        for name, comparison in TABLES.items():
            print(f"{name:14}{comparison.title}\n{'':14}  {' '.join(job.key for job in comparison.jobs)}")
        for name, module in (
            ("columns", columns),
            ("exporting", exporting),
            ("sending", sending),
            ("parsing", parsing),
        ):
            print(f"{name:14}{module.TITLE}")
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.table:
        if name not in TABLES:
            if not arguments.only:
                {"columns": _columns, "exporting": _export, "sending": _send, "parsing": _parse}[name](arguments)
            continue
        comparison = TABLES[name]
        jobs = [job for job in comparison.jobs if not arguments.only or job.key in arguments.only]
        if jobs:
            _compare(arguments, name, comparison, jobs)
    plots.draw(arguments.out)
    print(f"Tables, plots and raw figures are in {arguments.out}")


def _compare(arguments: argparse.Namespace, name: str, comparison: Comparison, jobs: Sequence[Job]) -> None:
    count = min(arguments.turns, comparison.max_turns)
    record = _record(comparison.title, count)
    turns: list[dict[str, Measured]] = []
    for _ in range(count):
        turns.append({job.key: _run(arguments, job) for job in jobs})
    by_stage = any(job.stages for job in jobs)
    table = reporting.stages(jobs, turns[-1]) if by_stage else reporting.compared(comparison, jobs, turns)
    runs = [
        {"row": job.key, "title": job.shown, "turn": number, **asdict(turn[job.key])}
        for number, turn in enumerate(turns)
        for job in jobs
    ]
    _write(arguments.out / name, record, table, runs)


def _run(arguments: argparse.Namespace, job: Job) -> Measured:
    rows = job.rows(arguments.rows)
    run = measure(job, RESULTS / "data", rows)
    print(f"{job.key:28}{rows:>12,} rows {run.wall:8.1f} s {run.cpu_per_million:8.2f} CPU s per million", flush=True)
    return run


def _columns(arguments: argparse.Namespace) -> None:
    record = _record(columns.TITLE, arguments.turns)
    turns = columns.measure(arguments.turns)
    record["took"] = f"The least of {arguments.turns} turns of {columns.REPEATS} blocks"
    _write(arguments.out / "columns", record, columns.table(turns), turns)


def _export(arguments: argparse.Namespace) -> None:
    record = _record(exporting.TITLE, arguments.turns)
    record["took"] = f"The best of {arguments.turns} turns, and the most memory in any"
    turns = exporting.measure(arguments.turns, arguments.rows)
    _write(arguments.out / "exporting", record, exporting.table(turns), turns)


def _send(arguments: argparse.Namespace) -> None:
    record = _record(sending.TITLE, arguments.turns)
    turns = sending.measure(arguments.turns, QUICK_SENDING if arguments.quick else 1)
    _write(arguments.out / "sending", record, sending.table(turns), turns)


def _parse(arguments: argparse.Namespace) -> None:
    count = arguments.turns * PARSINGS
    record = _record(parsing.TITLE, count)
    turns = parsing.measure(count)
    _write(arguments.out / "parsing", record, parsing.table(turns), turns)


def _record(title: str, turns: int) -> dict[str, Any]:
    """Return the description of a table. Call it before the runs, as it records the load of the machine."""
    machine = reporting.machine()
    took = "One turn" if turns == 1 else f"Medians of {turns} turns, the least and the most in brackets"
    return {"title": title, "machine": machine, "turns": turns, "took": took}


def _write(path: Path, record: dict[str, Any], table: reporting.Table, runs: Sequence[dict[str, Any]]) -> None:
    text = reporting.markdown(table)
    print(f"\n### {record['title']}\n\n{text}\n")
    content = json.dumps(record | {"table": text, "runs": list(runs)}, indent=1)
    path.with_suffix(".json").write_text(content + "\n", encoding="utf-8")
    measured = f"{record['took']}; {reporting.machine_line(record['machine'])}, load {record['machine']['load']:.1f}."
    page = f"### {record['title']}\n\n{text}\n\n{measured}\n"
    path.with_suffix(".md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
