"""The demo: a real Airflow, with its scheduler, runs the examples and loads into a local CleverTap.

It loads profiles from a CSV file with errors, corrects its rejects file and loads that; backfills events from a
database, month by month; then runs further examples. At the end it exports the events of the backfill again, and
compares them with the database row by row. Run it with ``make demo``.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from scripts.demo_export import compare
from scripts.demo_rejects import correct, reasons_in
from scripts.local_airflow import EXAMPLES, POOLS, connection_to, emulator, fresh_directory, shop_in, stop_on_sigterm
from scripts.running_airflow import Run, RunningAirflow, running_airflow

PROFILES = ("nightly_profiles_from_csv", "load_profiles")
SAMPLE = EXAMPLES / "data" / "customers.csv"

EVENTS = ("monthly_event_backfill", "load_views")
MONTHS = 3
BACKFILL = (
    *("backfill", "create", "--dag-id", EVENTS[0]),
    *("--from-date", "2026-01-01", "--to-date", "2026-03-01", "--max-active-runs", "1"),
)

#: Examples that are triggered without parameters: the DAG, its task, and what it loads.
FURTHER = (
    (
        "charged_from_order_lines",
        "load_orders",
        "orders from a CSV file of order lines: the lines of an order make one Charged event",
    ),
    ("profiles_from_a_shop_export", "load_profiles", "customers from the export of a shop, in its own words"),
    ("device_tokens", "load_tokens", "push tokens of devices, from a CSV file"),
    ("unsubscribe_list", "update_subscriptions", "opt-outs and opt-ins, from a CSV file: the last choice counts"),
)

EXPORT = ("one_off_export", "export_events")
FIRST_DAY, LAST_DAY = "2026-01-01", "2026-04-01"  # the last one is not included

OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def main() -> int:
    """Run the demo and return the exit status."""
    started = time.monotonic()
    directory = fresh_directory("load")
    with emulator(directory) as url:
        title(1, f"A local CleverTap is listening on {url}")
        title(2, f"Airflow starts in {shown(directory)}, with its scheduler and its UI; this takes half a minute")
        connections = {"clevertap_default": connection_to(url), "shop_db": shop_in(directory)}
        with running_airflow(directory, connections, POOLS) as airflow:
            write(f"   Its UI is {airflow.address}")
            is_as_expected = load_profiles(airflow, directory)
            is_as_expected &= backfill_events(airflow)
            for number, (dag_id, task_id, description) in enumerate(FURTHER, 7):
                title(number, f"Airflow loads {description}")
                is_as_expected &= one_load(airflow, dag_id, task_id)["accepted"] > 0
            is_as_expected &= export_events(airflow, directory)
            write()
            write("Results:")
            write(f"   what CleverTap has received  {url}/  ({stored(url)})")
            write(f"   the runs and their logs  {airflow.address}/")
            write(f"   rejects files and reports  {shown(directory / 'clevertap')}")
            write(f"   the exported events  {shown(directory / 'export')}")
            write(f"Done in {time.monotonic() - started:.0f} seconds.")
            if not is_as_expected:
                write("This is not what the demo should show: please report it.")
            elif sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI"):
                input("Press Enter to stop Airflow and the local CleverTap. ")
    return 0 if is_as_expected else 1


def load_profiles(airflow: RunningAirflow, directory: Path) -> bool:
    """Load a file with errors, correct its rejects file, and load that; return whether the counts are as expected."""
    title(3, f"Airflow loads profiles from {shown(SAMPLE)}, which has errors like real exports")
    first = one_load(airflow, *PROFILES, source=str(SAMPLE))
    rejects = Path(first["rejects_path"])
    write(f"   The rejects file, {shown(rejects)}:")
    print_lines(reasons_in(rejects))
    title(4, "Correcting the rejects file: in each row the wrong cell, and nothing else")
    corrected = directory / "corrected.csv"
    print_lines(correct(rejects, corrected))
    title(5, f"Airflow loads {shown(corrected)}, the corrected rejects file")
    second = one_load(airflow, *PROFILES, source=str(corrected))
    every_kind = min(first[outcome] for outcome in ("accepted", "rejected", "invalid")) > 0
    all_corrected = second["accepted"] == second["rows"] == first["rejected"] + first["invalid"]
    return every_kind and bool(all_corrected)


def backfill_events(airflow: RunningAirflow) -> bool:
    """Load three months of events, each in its own run; return whether each month had events."""
    title(6, "Airflow backfills events from a database: one run for each month, which loads the rows of that month")
    airflow.wait_for_dag(EVENTS[0])
    write(f"   $ airflow {' '.join(BACKFILL)}")
    airflow.command(*BACKFILL)
    months = []
    for run in airflow.finished_runs(EVENTS[0], MONTHS, run_type="backfill"):
        summary = summary_of(airflow, run, EVENTS[1])
        start, end = (moment.partition("T")[0] for moment in run.interval)
        write(f"   from {start}, before {end}: {counts(summary)}")
        months.append((start, summary["accepted"] > 0))
    return len(months) == MONTHS and months == sorted(months) and all(loaded for _, loaded in months)


def export_events(airflow: RunningAirflow, directory: Path) -> bool:
    """Export the events of the backfill, and return whether they are the rows of the database."""
    title(7 + len(FURTHER), "Airflow exports the product views again, and they are compared with the database")
    output = directory / "export"
    one_load(airflow, *EXPORT, start=FIRST_DAY, end=LAST_DAY, output=str(output))
    text, is_equal = compare(output, directory / "shop.db", FIRST_DAY, LAST_DAY)
    write(f"   {text}.")
    return is_equal


def one_load(airflow: RunningAirflow, dag_id: str, task_id: str, **conf: str) -> dict[str, Any]:
    """Run a DAG, print the lines its task logged, and return the summary."""
    airflow.wait_for_dag(dag_id)
    body = json.dumps({"conf": {name: shown(value) for name, value in conf.items()}})
    write(f"   POST /api/v2/dags/{dag_id}/dagRuns {body}")
    run = airflow.trigger(dag_id, conf)
    summary = summary_of(airflow, run, task_id)
    lines = airflow.log_lines(run, task_id)
    print_lines(f"| {line}" for line in lines if not line.startswith(("Rejects file", "Report")))
    return summary


def summary_of(airflow: RunningAirflow, run: Run, task_id: str) -> dict[str, Any]:
    """Return the summary of a load; exit with the log of the task if it failed."""
    if run.state != "success":
        print_lines(airflow.log_lines(run, task_id))
        raise SystemExit(f"{run.dag_id} failed; its log is {shown(airflow.log_path(run, task_id))}")
    summary: dict[str, Any] = airflow.return_value(run, task_id)
    return summary


def counts(summary: dict[str, Any]) -> str:
    outcomes = ", ".join(f"{summary[outcome]:,} {outcome}" for outcome in OUTCOMES if summary[outcome])
    return f"{summary['rows']:,} rows: {outcomes}"


def stored(url: str) -> str:
    """Return what the local CleverTap has stored, as text."""
    with urllib.request.urlopen(f"{url}/admin/stats", timeout=10) as answer:
        return ", ".join(f"{count:,} {kind}" for kind, count in json.load(answer)["stored"].items())


def title(number: int, text: str) -> None:
    write(f"{number}. {text}")


def print_lines(lines: Any) -> None:
    for line in lines:
        write(f"   {line}")


def write(text: str = "") -> None:
    print(text, flush=True)


def shown(path: Path | str) -> str:
    """Return a path relative to the current directory, if it is in it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    stop_on_sigterm()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        write("\nStopped.")
        sys.exit(130)
