"""Show everything at once: a real Airflow, with its scheduler, loads the examples into a local CleverTap.

Profiles from a dirty CSV, whose rejects are mended and loaded; a backfill of events from a database, month by month;
then further examples. Run it with ``make demo``.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from scripts.demo_rejects import mend, reasons_in
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

#: Examples that are triggered as they are: the DAG, its task, and what it loads.
FURTHER = (
    (
        "charged_from_order_lines",
        "load_orders",
        "orders from a CSV file of order lines: the lines of an order make one Charged event",
    ),
    ("device_tokens", "load_tokens", "push tokens of devices, from a CSV file"),
)

OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def main() -> int:
    """Run the demo; give the exit status."""
    began = time.monotonic()
    directory = fresh_directory("load")
    with emulator(directory) as url:
        title(1, f"A local CleverTap is listening on {url}")
        title(2, f"Airflow starts in {shown(directory)}, with its scheduler and its UI: half a minute")
        connections = {"clevertap_default": connection_to(url), "shop_db": shop_in(directory)}
        with running_airflow(directory, connections, POOLS) as airflow:
            say(f"   Its UI is {airflow.address}")
            good = load_profiles(airflow, directory)
            good &= backfill_events(airflow)
            for number, (dag_id, task_id, what) in enumerate(FURTHER, 7):
                title(number, f"Airflow loads {what}")
                good &= one_load(airflow, dag_id, task_id)["accepted"] > 0
            say()
            say("Where to look:")
            say(f"   what CleverTap has got  {url}/  ({stored(url)})")
            say(f"   the runs, and their logs  {airflow.address}/")
            say(f"   rejects files and reports  {shown(directory / 'clevertap')}")
            say(f"Done in {time.monotonic() - began:.0f} seconds.")
            if not good:
                say("This is not what the demo should show: please report it.")
            elif sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI"):
                input("Press Enter to stop Airflow and the local CleverTap. ")
    return 0 if good else 1


def load_profiles(airflow: RunningAirflow, directory: Path) -> bool:
    """Load a file as dirty as exports are, mend what was rejected, and load that; tell whether all was well."""
    title(3, f"Airflow loads profiles from {shown(SAMPLE)}, which is as dirty as exports are")
    first = one_load(airflow, *PROFILES, source=str(SAMPLE))
    rejects = Path(first["rejects_path"])
    say(f"   The rejects file, {shown(rejects)}:")
    say_all(reasons_in(rejects))
    title(4, "Mending the rejects file: in each row the cell that was wrong, and nothing else")
    mended = directory / "mended.csv"
    say_all(mend(rejects, mended))
    title(5, f"Airflow loads {shown(mended)}, that is the rejects file with its cells mended")
    second = one_load(airflow, *PROFILES, source=str(mended))
    every_kind = min(first[outcome] for outcome in ("accepted", "rejected", "invalid")) > 0
    all_mended = second["accepted"] == second["rows"] == first["rejected"] + first["invalid"]
    return every_kind and bool(all_mended)


def backfill_events(airflow: RunningAirflow) -> bool:
    """Load three months of events, each by a run of its own; tell whether all was well."""
    title(6, "Airflow backfills events from a database: for each month a run, which loads the rows of that month")
    airflow.wait_for_dag(EVENTS[0])
    say(f"   $ airflow {' '.join(BACKFILL)}")
    airflow.command(*BACKFILL)
    months = []
    for run in airflow.ended(EVENTS[0], MONTHS, run_type="backfill"):
        summary = returned(airflow, run, EVENTS[1])
        start, end = (moment.partition("T")[0] for moment in run.interval)
        say(f"   from {start}, before {end}: {counts(summary)}")
        months.append((start, summary["accepted"] > 0))
    return len(months) == MONTHS and months == sorted(months) and all(loaded for _, loaded in months)


def one_load(airflow: RunningAirflow, dag_id: str, task_id: str, **conf: str) -> dict[str, Any]:
    """Run a DAG, show what its task wrote into the log, and give the summary."""
    airflow.wait_for_dag(dag_id)
    said = json.dumps({"conf": {name: shown(value) for name, value in conf.items()}})
    say(f"   POST /api/v2/dags/{dag_id}/dagRuns {said}")
    run = airflow.trigger(dag_id, conf)
    summary = returned(airflow, run, task_id)
    say_all(f"| {line}" for line in airflow.logged(run, task_id) if not line.startswith(("Rejects file", "Report")))
    return summary


def returned(airflow: RunningAirflow, run: Run, task_id: str) -> dict[str, Any]:
    """Give the summary of a load, or end the demo with the log of the task that failed."""
    if run.state != "success":
        say_all(airflow.logged(run, task_id))
        raise SystemExit(f"{run.dag_id} has failed; its log is {shown(airflow.log_of(run, task_id))}")
    summary: dict[str, Any] = airflow.returned(run, task_id)
    return summary


def counts(summary: dict[str, Any]) -> str:
    found = ", ".join(f"{summary[outcome]:,} {outcome}" for outcome in OUTCOMES if summary[outcome])
    return f"{summary['rows']:,} rows: {found}"


def stored(url: str) -> str:
    """Say what the local CleverTap has in store."""
    with urllib.request.urlopen(f"{url}/admin/stats", timeout=10) as answer:
        return ", ".join(f"{count:,} {kind}" for kind, count in json.load(answer)["stored"].items())


def title(number: int, text: str) -> None:
    say(f"{number}. {text}")


def say_all(lines: Any) -> None:
    for line in lines:
        say(f"   {line}")


def say(text: str = "") -> None:
    print(text, flush=True)


def shown(path: Path | str) -> str:
    """Give a path as one would type it here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    stop_on_sigterm()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(130)
