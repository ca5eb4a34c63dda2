"""Passcode, tokens and people's data are in nothing a load leaves behind but the rejects file.

At debug level, through a real Airflow, over every way a load can end; the client alone is in tests/unit/api.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.paths import ROOT

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.xdist_group("secrets")]  # one set-up for all

PASSCODE = "PSC-7Q9-XKWVUT-0042"
TOKEN = "fcm0tok9f8e7d6c5b4a39281706f5e4d3c2b1a0zq"
PERSON = {
    "id": "cust-zq-4471",
    "mail": "zenobia.quillfeather@example.org",
    "name": "Zenobia Quillfeather",
    "phone": "+919876501234",
}
#: each makes its row invalid, or refused by the emulator
BAD = {"mail": "zenobia-quill-without-at", "phone": "98zenobia765", "id": "cust-zq-bad"}
PRIVATE = [TOKEN, *PERSON.values(), *BAD.values(), "919876501234", "-zenobia.example.org"]


class Traces(NamedTuple):
    home: Path
    left: Path
    printed: str
    arguments: set[str]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def arguments_of_all_processes() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield process.read_bytes().decode(errors="replace")
        except OSError:
            continue


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory, copy_airflow_database: Callable[[Path], None]) -> Traces:
    """Run all loads once, in an Airflow of their own; give what they left."""
    place = tmp_path_factory.mktemp("traces")
    home, left, source = place / "airflow", place / "left", place / "source"
    for directory in (home / "dags", left):
        directory.mkdir(parents=True)
    copy_airflow_database(home / "airflow.db")
    row = {**PERSON, "token": TOKEN}
    write(
        source / "people.csv",
        [row, {**row, **BAD}, {**row, "mail": "a@-zenobia.example.org"}, {**row, "id": ""}],
    )
    write(
        source / "tokens.csv",
        [
            {"objectId": "zq" * 12, "token": TOKEN, "type": "fcm"},
            {"objectId": "zq" * 12, "token": TOKEN, "type": "carrier pigeon"},
            {"objectId": "", "token": TOKEN, "type": "fcm"},
        ],
    )
    write(source / "many.csv", [{**row, "id": f"{PERSON['id']}-{n}"} for n in range(20_000)])
    good = json.dumps(row)
    (source / "lines.jsonl").write_text(f'{good}\n{good[:-9]}\n[{good}]\n{good[:-1]},"mail":1}}\n')
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_CONN_")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "TOLD_PASSCODE": PASSCODE,
        "TOLD_PERSON": json.dumps(PERSON),
    }
    driver = [sys.executable, "-m", "tests.support.secrets_driver", str(left)]
    arguments: set[str] = set()
    printed = place / "printed"
    with printed.open("w") as out:
        for command in (driver, [*driver, "killed"]):
            with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out) as process:
                while process.poll() is None:
                    arguments.update(arguments_of_all_processes())
                    time.sleep(0.1)
            assert process.returncode == (-9 if "killed" in command else 0), printed.read_text()[-5_000:]
    return Traces(home, left, printed.read_text(), arguments)


def database(home: Path) -> str:
    """Return every value in Airflow's database, one a line; Airflow 2 keeps XComs as bytes."""
    with sqlite3.connect(home / "airflow.db") as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = (row for table in tables for row in opened.execute(f'SELECT * FROM "{table}"'))  # noqa: S608
        values = [value for row in rows for value in row]
    return "\n".join(value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)


def test_every_load_ended_as_it_was_meant_to(traces: Traces) -> None:
    states = json.loads((traces.left / "states.json").read_text())
    ended_well = {name for name, state in states.items() if state == "success"}
    assert ended_well == {
        "good", "tokens", "frame", "status_429", "status_503", "status_400", "status_413", "reset_", "half_body_",
        "stall_", "html_",
    }  # fmt: skip
    # what is looked through is there
    assert "debug" in traces.printed.lower()
    assert any("secrets_driver" in line for line in traces.arguments)


def test_they_are_in_no_log(traces: Traces) -> None:
    logs = [
        traces.printed,
        *(path.read_text(errors="replace") for path in (traces.home / "logs").rglob("*") if path.is_file()),
    ]
    for text in logs:
        for line in text.splitlines():
            # The stand-in for a supervisor in Airflow's dag.test() writes at debug level what it is asked to mask, of
            # every connection any code asks for. No task that Airflow itself runs has it.
            if "Sending request" in line and "msg=MaskSecret(" in line:
                continue
            for secret in (PASSCODE, *PRIVATE):
                assert secret.lower() not in line.lower(), line


def test_they_are_nowhere_in_airflows_database(traces: Traces) -> None:
    dump = database(traces.home)
    assert "rows_per_second" in dump
    assert "traces_bad_rows" in dump
    for line in dump.splitlines():
        for secret in (PASSCODE, *PRIVATE):
            assert secret.lower() not in line.lower(), line[:500]


def test_they_are_in_no_argument_of_a_process(traces: Traces) -> None:
    for line in traces.arguments:
        for secret in (PASSCODE, *PRIVATE):
            assert secret not in line


def test_of_the_files_left_only_the_rejects_hold_people_and_none_the_passcode(traces: Traces) -> None:
    files = [path for path in traces.left.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"report.json", "rejects.csv", "rejects.jsonl", "page.html"}
    for path in files:
        text = path.read_text()
        assert PASSCODE not in text
        if path.name not in ("rejects.csv", "rejects.jsonl", "page.html"):
            for secret in PRIVATE:
                assert secret not in text, path


def test_the_emulators_page_shows_people_but_no_passcode_and_no_whole_token(traces: Traces) -> None:
    page = (traces.left / "page.html").read_text()
    # it stands in for CleverTap's dashboard, on this machine alone
    assert PERSON["mail"] in page
    assert PASSCODE not in page
    assert TOKEN not in page
