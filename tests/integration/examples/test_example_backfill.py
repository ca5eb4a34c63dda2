"""The example that backfills events month by month: each run loads its own interval, and all of them load all of it."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.example_needs import EXAMPLES, dag_in, shop_database

pytestmark = [pytest.mark.airflow]

DAG_FILE = EXAMPLES / "monthly_event_backfill.py"
AIRFLOW_2 = importlib.util.find_spec("airflow.sdk") is None
OUR_COMMAND = "airflow dags backfill " if AIRFLOW_2 else "airflow backfill create "

STARTS = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)]
DIRTY = 12


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    with shop_database(tmp_path):
        yield tmp_path / "shop.db"


@pytest.fixture
def backfill() -> Any:
    return dag_in(DAG_FILE)


def views_in(shop: Path) -> list[tuple[str, int]]:
    """Return who looked when, of all rows of the three months that can be loaded, oldest first."""
    with closing(sqlite3.connect(shop)) as connection:
        rows = connection.execute("SELECT customer_id, viewed_at, seconds_on_page FROM product_views").fetchall()
    views = []
    for customer, moment, seconds in rows:
        try:
            at = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if customer and isinstance(seconds, int) and STARTS[0] <= at < STARTS[-1]:
            views.append((customer, int(at.timestamp())))
    return sorted(views, key=lambda view: view[1])


def views_at(emulator: Any) -> list[tuple[str, int]]:
    """Return who looked when, as CleverTap has it, in the order in which it came."""
    return [(event["key"], event["ts"]) for event in emulator.events()]


def test_each_month_loads_its_own_window(
    shop: Path, backfill: Any, run_dag: Any, returned: Any, connection: str, emulator: Any
) -> None:
    wanted = views_in(shop)
    before = 0
    for start, end in pairwise(STARTS):
        dag_run = run_dag(backfill, at=end)
        assert (dag_run.data_interval_start, dag_run.data_interval_end) == (start, end)
        summary = returned(dag_run, "load_views")
        assert (summary["invalid"], summary["rejected"], summary["unconfirmed"]) == (DIRTY, 0, 0)
        times = sorted(at for _, at in views_at(emulator)[before:])
        # A view at the first second of a month is there, and so is one at the last; midnight belongs to the next.
        assert (times[0], times[-1]) == (start.timestamp(), end.timestamp() - 1)
        assert len(times) == summary["accepted"]
        before += summary["accepted"]
    assert Counter(views_at(emulator)) == Counter(wanted)
    assert {event["name"] for event in emulator.events()} == {"Product Viewed"}


def test_a_month_loaded_twice_is_there_twice(
    shop: Path, backfill: Any, run_dag: Any, connection: str, emulator: Any
) -> None:
    # What the example warns of: nothing here or at CleverTap undoes it.
    run_dag(backfill, at=STARTS[1])
    once = Counter(views_at(emulator))
    run_dag(backfill, at=STARTS[1])
    assert Counter(views_at(emulator)) == once + once


def test_a_batch_of_unknown_fate_is_not_sent_again(
    shop: Path, backfill: Any, run_dag: Any, returned: Any, connection: str, emulator: Any
) -> None:
    emulator.inject({"do": "status", "status": 500, "stored": True, "times": 1})
    dag_run = run_dag(backfill, at=STARTS[1])
    (task,) = dag_run.get_task_instances()
    summary = returned(dag_run, "load_views")
    assert (task.state, task.try_number, summary["resent"]) == ("failed", 1, 0)
    assert summary["unconfirmed"] > 0
    assert Counter(views_at(emulator)) == Counter(view for view in views_in(shop) if view[1] < STARTS[1].timestamp())
    with Path(summary["rejects_path"]).open(encoding="utf-8") as rejects:
        outcomes = Counter(json.loads(line)["clevertap_outcome"] for line in rejects)
    assert outcomes == {"unconfirmed": summary["unconfirmed"], "invalid": DIRTY}


def test_one_request_at_a_time_keeps_the_order_whatever_comes_between(
    shop: Path, backfill: Any, run_dag: Any, connection: str, emulator: Any
) -> None:
    emulator.inject({"do": "status", "status": 429, "times": 2})
    backfill.get_task("load_views").max_in_flight = 1
    run_dag(backfill, at=STARTS[1])
    times = [at for _, at in views_at(emulator)]
    assert len(times) > 1_000
    assert times == sorted(times)


@pytest.mark.slow
def test_the_command_in_the_docstring_takes_the_three_months(
    run_airflow: Any, copy_airflow_database: Any, shop: Path, connection: str, emulator: Any, tmp_path: Path
) -> None:
    docstring = ast.get_docstring(ast.parse(DAG_FILE.read_text(encoding="utf-8"))) or ""
    command = next(line for line in docstring.replace("\\\n", "").splitlines() if OUR_COMMAND in line)
    arguments = command.partition(OUR_COMMAND)[2].partition("`")[0].split()
    own = {
        "AIRFLOW_HOME": str(tmp_path),  # in that of the other tests some of the months have runs
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAG_FILE.parent),
        # Airflow 2 starts each task with the command, which is beside the interpreter.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    copy_airflow_database(tmp_path / "airflow.db")
    if AIRFLOW_2:  # runs the months itself
        done = run_airflow("dags", "backfill", *arguments, **own)
        assert done.returncode == 0, done.stderr
        assert Counter(views_at(emulator)) == Counter(views_in(shop))
    else:  # leaves the months to a scheduler
        assert run_airflow("dags", "reserialize", **own).returncode == 0
        done = run_airflow("backfill", "create", "--dry-run", *arguments, **own)
        assert done.returncode == 0, done.stderr
        _, _, runs = done.stdout.partition("Runs to be attempted")
        assert re.findall(r"20\d\d-\d\d-\d\d", runs) == ["2026-01-01", "2026-02-01", "2026-03-01"]
        assert "max_active_runs = 1\n" in done.stdout
