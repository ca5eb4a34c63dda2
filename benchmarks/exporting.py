"""The cost of an export of events, compared with a script of ``requests``, ``json`` and pandas.

Every contender exports the same three days of one event from a server on this machine, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import ROOT
from benchmarks.page_server import PAGE_ROWS
from benchmarks.reporting import Table

TITLE = "One million events exported (pages of 5,000, server on this machine)"
DAYS = 3
FIRST, LAST = 20_251_101, 20_251_103
IN_FLIGHT = 3
HEADERS = {"X-CleverTap-Account-Id": "BENCHMARK", "X-CleverTap-Passcode": "BENCHMARK"}

Export = Callable[[str, Path], int]


def _ours(**options: Any) -> Callable[[], Export]:
    def prepare() -> Export:
        from zoneinfo import ZoneInfo

        from airflow_provider_clevertap.api.client import CleverTapClient
        from airflow_provider_clevertap.exporting.events.export import EventExport
        from airflow_provider_clevertap.exporting.events.options import EventOptions
        from airflow_provider_clevertap.exporting.files.output import RunIdentity

        def export(url: str, output: Path) -> int:
            chosen = EventOptions(
                events="Viewed", start="2025-11-01", end="2025-11-04", output=output, zone=ZoneInfo("UTC"), **options
            )
            with CleverTapClient(*HEADERS.values(), url, max_in_flight=IN_FLIGHT) as client:
                identity = RunIdentity("0" * 8, "1" * 8)
                return int(EventExport(client, chosen, identity, logging.getLogger("export")).run()["rows"])

        return export

    return prepare


def _script() -> Export:
    import pandas as pd
    import requests

    def export(url: str, output: Path) -> int:
        query = {"event_name": "Viewed", "from": FIRST, "to": LAST}
        answer = requests.post(f"{url}/1/events.json?batch_size=5000", json=query, headers=HEADERS, timeout=60).json()
        cursor = answer.get("cursor")
        rows: list[dict[str, Any]] = []
        while cursor:
            page = requests.get(f"{url}/1/events.json?cursor={cursor}", headers=HEADERS, timeout=60).json()
            rows += [
                {
                    "event_name": "Viewed",
                    "ts": record["ts"],
                    "identity": record["profile"].get("identity"),
                    "object_id": record["profile"]["objectId"],
                    "platform": record["profile"].get("platform"),
                    "properties": json.dumps(record["event_props"]),
                    "session": json.dumps(record["session_props"]),
                }
                for record in page.get("records", [])
            ]
            cursor = page.get("next_cursor")
        frame = pd.DataFrame(rows)
        frame["ts"] = pd.to_datetime(frame["ts"].astype(str), format="%Y%m%d%H%M%S")
        output.mkdir()
        frame.to_parquet(output / "events.parquet", compression="zstd")
        return len(frame)

    return export


class Contender(NamedTuple):
    """One row of the table.

    :param title: its name.
    :param prepare: imports, and returns the export.
    :param latency_ms: how long the server takes for each answer.
    :param scale: multiplies the rows of the table.
    """

    title: str
    prepare: Callable[[], Export]
    latency_ms: float = 0
    scale: float = 1


CONTENDERS = {
    "parquet": Contender("this package, Parquet", _ours()),
    "csv": Contender("this package, CSV", _ours(file_format="csv")),
    "jsonl": Contender("this package, JSON Lines with gzip", _ours(file_format="jsonl")),
    "declared": Contender(
        "this package, Parquet, three declared columns",
        _ours(schema={"Price": "float", "Product": "text", "Quantity": "integer"}),
    ),
    "parquet-x0.1": Contender("this package, Parquet", _ours(), scale=0.1),
    "parquet-x10": Contender("this package, Parquet", _ours(), scale=10),
    "parquet-200ms": Contender("this package, Parquet, answers after 200 ms", _ours(), latency_ms=200),
    "script": Contender("script: `requests`, `json`, pandas `to_parquet`", _script),
}


def measure(turns: int, rows: int) -> list[dict[str, dict[str, Any]]]:
    """Export by each contender in turn, each time in a fresh process.

    :param turns: how many times.
    :param rows: the rows of the table.
    """
    return [{name: _in_own_process(name, rows) for name in CONTENDERS} for _ in range(turns)]


def table(turns: Sequence[dict[str, dict[str, Any]]]) -> Table:
    """Return a table of the best turn of each contender, and of the most memory that it took in any."""
    rows = [["", "rows", "CPU s per million", "rows/s", "peak MB", "CPU, times ours", "of those asked in flight"]]
    cpu = {name: min(turn[name]["cpu"] / turn[name]["rows"] for turn in turns) for name in CONTENDERS}
    for name, contender in CONTENDERS.items():
        runs = [turn[name] for turn in turns]
        rows.append(
            [
                contender.title,
                f"{runs[0]['rows']:,}",
                f"{cpu[name] * 1e6:.2f}",
                f"{max(run['rows'] / run['wall'] for run in runs):,.0f}",
                f"{max(run['peak_mb'] for run in runs):,.0f}",
                f"{cpu[name] / cpu['parquet']:.2f}",
                f"{statistics.median(run['in_flight'] for run in runs) / IN_FLIGHT:.0%}"
                if contender.latency_ms
                else "",
            ]
        )
    return rows


def _in_own_process(name: str, rows: int) -> dict[str, Any]:
    contender = CONTENDERS[name]
    pages = max(round(rows * contender.scale / PAGE_ROWS / DAYS), 1) * DAYS
    with tempfile.TemporaryDirectory() as directory, _server(pages, contender.latency_ms) as (url, tally):
        command = [sys.executable, "-m", "benchmarks.exporting", name, "--url", url, "--output", f"{directory}/out"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if measured["rows"] != pages * PAGE_ROWS:
        raise RuntimeError(f"{name} exported {measured['rows']} of {pages * PAGE_ROWS} rows")
    seconds = tally["seconds_in_flight"]
    measured["in_flight"] = sum(number * spent for number, spent in enumerate(seconds)) / (sum(seconds) or 1)
    print(f"{name:28}{measured['rows']:>12,} rows {measured['wall']:8.1f} s", flush=True)
    return measured


@contextmanager
def _server(pages: int, latency_ms: float) -> Iterator[tuple[str, dict[str, Any]]]:
    tally: dict[str, Any] = {}
    arguments = ["--pages", str(pages), "--days", str(DAYS), "--latency-ms", str(latency_ms)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.page_server", *arguments],
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


def main() -> None:
    """Run one contender in this process, and print its times as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    export = CONTENDERS[arguments.name].prepare()
    cpu, started = time.process_time(), time.perf_counter()
    rows = export(arguments.url, arguments.output)
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {"rows": rows, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - started}
    print(json.dumps(measured | {"peak_mb": used.ru_maxrss * 1024 / 1e6}))


if __name__ == "__main__":
    main()
