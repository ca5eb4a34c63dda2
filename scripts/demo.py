"""Load a sample CSV into a local CleverTap with a real Airflow, mend what was rejected, and load that too.

Run it with ``make demo``.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local_airflow import (
    EXAMPLES,
    PYTHON,
    ROOT,
    airflow_environment,
    connection_to,
    emulator,
    fresh_directory,
    stop_on_sigterm,
)

DAG = "nightly_profiles_from_csv"
SAMPLE = EXAMPLES / "data" / "customers.csv"
CORRECTIONS = EXAMPLES / "data" / "corrections.csv"
#: A line of the task's log that this package wrote: its text stands between the level and the logger's name.
OUR_LINE = re.compile(r"\[info\s*\] (.*?)\s+\[airflow\.task\.operators\.airflow_provider_clevertap")
OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def say(text: str = "") -> None:
    print(text, flush=True)


def shown(path: Path | str) -> str:
    """Give a path as one would type it here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


class Demo:
    """Everything happens in one directory, and at one emulator."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.environment = airflow_environment(directory, CLEVERTAP__ARTIFACTS_PATH=str(directory / "loads")) | {
            "AIRFLOW_CONN_CLEVERTAP_DEFAULT": connection_to(url)
        }

    def airflow(self, log: str, *arguments: str) -> str:
        """Run one Airflow command; give what it printed, which is kept in a file as well."""
        done = subprocess.run(
            [PYTHON, "-m", "airflow", *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        (self.directory / log).write_text(done.stdout)
        if done.returncode:
            say(done.stdout[-4_000:])
            raise SystemExit(
                f"airflow {' '.join(arguments)} failed; all of its output is in {shown(self.directory / log)}"
            )
        return done.stdout

    def load(self, log: str, source: Path) -> dict[str, Any]:
        """Run the DAG on a file, show what its task wrote into the log, and give the summary."""
        before = set(self.directory.glob("loads/**/report.json"))
        say(f'   $ airflow dags test {DAG} --conf \'{{"source": "{shown(source)}"}}\'')
        printed = self.airflow(log, "dags", "test", DAG, "--conf", json.dumps({"source": str(source)}))
        for line in OUR_LINE.findall(printed):
            say(f"   | {line}")
        say(f"   The whole log: {shown(self.directory / log)}")
        (report,) = set(self.directory.glob("loads/**/report.json")) - before
        summary: dict[str, Any] = json.loads(report.read_text())["summary"]
        return summary


def main() -> int:
    """Run the demo; give the exit status."""
    began = time.monotonic()
    directory = fresh_directory("load")
    with emulator(directory) as url:
        say(f"1. A local CleverTap is listening on {url}")
        demo = Demo(directory, url)
        say(f"2. Airflow makes its database (SQLite) in {shown(directory)}")
        demo.airflow("migrate.log", "db", "migrate")
        say(f"3. Airflow loads {shown(SAMPLE)}, which is as dirty as exports are")
        first = demo.load("first-load.log", SAMPLE)
        rejects = Path(first["rejects_path"])
        say()
        say("   Summary: " + ", ".join(f"{first[outcome]:,} {outcome}" for outcome in OUTCOMES))
        show_reasons(rejects)
        say()
        say("4. Mending the rejects file: in each row the cell that was wrong, and nothing else")
        mended = directory / "mended.csv"
        mend(rejects, mended)
        say(f"5. Airflow loads {shown(mended)}, that is the rejects file with its cells mended")
        second = demo.load("second-load.log", mended)
        say()
        say("   Summary: " + ", ".join(f"{second[outcome]:,} {outcome}" for outcome in OUTCOMES))
        say()
        say("Where to look:")
        say(f"   the rejects file        {shown(rejects)}")
        say(f"   the report of the load  {shown(rejects.with_name('report.json'))}")
        say(f"   what CleverTap has got  {url}/")
        say(f"Done in {time.monotonic() - began:.0f} seconds.")
        good = min(first[outcome] for outcome in ("accepted", "rejected", "invalid")) > 0
        good = good and second["accepted"] == second["rows"] == first["rejected"] + first["invalid"]
        if not good:
            say("This is not what the demo should show: please report it.")
        elif sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI"):
            input("Press Enter to stop the local CleverTap. ")
    return 0 if good else 1


def show_reasons(rejects: Path) -> None:
    """Show each reason once, with how many rows it holds for."""
    reasons: dict[tuple[str, str, str], int] = {}
    for row in rows_of(rejects):
        reason = (row["clevertap_outcome"], row["clevertap_code"] or "-", row["clevertap_reason"])
        reasons[reason] = reasons.get(reason, 0) + 1
    say(f"   {'rows':>6}  {'outcome':9} {'code':4}  reason")
    for (outcome, code, reason), count in sorted(reasons.items(), key=lambda item: -item[1]):
        say(f"   {count:>6}  {outcome:9} {code:4}  {reason}")


def mend(rejects: Path, mended: Path) -> None:
    """Write the rejects file again, with the cells of corrections.csv in the places of those that were wrong."""
    rows = rows_of(rejects)
    by_number = {row["clevertap_row"]: row for row in rows}
    examples = 3
    for correction in rows_of(CORRECTIONS):
        row = by_number[correction["row"]]
        column, value = correction["column"], correction["value"]
        if examples:
            say(f"   row {correction['row']}, {column}: {row[column]!r} becomes {value!r}")
            examples -= 1
        row[column] = value
    say("   ...")
    with mended.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    stop_on_sigterm()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(130)
