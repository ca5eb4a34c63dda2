"""Every example DAG runs in a real Airflow, against the emulator, and does what it says."""

from __future__ import annotations

import csv
import json
import shlex
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.doc_pages import blocks
from tests.support.example_needs import DAG_FILES, EXAMPLES, dag_in, needs

pytestmark = [pytest.mark.airflow]

#: A form needs room: each field has its title, its description and its checks. So does a question with its tables, and
#: an export with many columns.
LONGEST = {"one_off_load": 97, "dry_run_then_approval": 75, "profiles_from_a_shop_export": 70}


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_every_example_runs(path: Path, run_dag: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    with needs(path, tmp_path) as options:
        dag_run = run_dag(dag_in(path), **options)
    assert dag_run.state == "success"
    assert {task.state for task in dag_run.get_task_instances()} <= {"success", "skipped"}
    assert emulator.stats()["accepted"] > 0


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_people_find_an_example_in_the_list_of_dags(path: Path) -> None:
    if path.stem == "dry_run_then_approval":
        pytest.importorskip("airflow.sdk.execution_time.hitl", reason="earlier than Airflow 3.1, which asks people")
    dag = dag_in(path)
    assert dag.dag_display_name != dag.dag_id == path.stem
    assert "clevertap" in dag.tags


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_an_example_reads_like_documentation(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.splitlines()) <= LONGEST.get(path.stem, 60)


def test_what_the_documentation_shows_of_them_is_in_them() -> None:
    files = [path.read_text(encoding="utf-8") for path in [*DAG_FILES, *EXAMPLES.glob("sql/*.sql")]]
    excerpts = [
        block for page in ("three-ways.md", "leaving-a-cdp.md") for block in blocks(page, "py") + blocks(page, "sql")
    ]
    assert excerpts
    for excerpt in excerpts:
        assert any(excerpt in file for file in files), excerpt
    docstring = EXAMPLES.joinpath("monthly_event_backfill.py").read_text(encoding="utf-8").replace("\\\\", "\\")
    for command in blocks("backfill.md", "console"):
        assert " ".join(command.split()) in " ".join(docstring.split())


def test_the_nightly_load_tells_every_kind_of_row(
    run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    dag = dag_in(EXAMPLES / "nightly_profiles_from_csv.py")
    summary = returned(run_dag(dag), "load_profiles")
    assert summary["rows"] == 3_000
    assert summary["accepted"] == emulator.stats()["stored"]["profiles"]
    assert min(summary[outcome] for outcome in ("accepted", "rejected", "invalid", "skipped")) > 0
    rejects = read(Path(summary["rejects_path"]))
    assert len(rejects) == summary["rejected"] + summary["invalid"]

    # Mended with what should have stood there, the rejects file loads without a reject.
    corrections = {(row["row"], row["column"]): row["value"] for row in read(EXAMPLES / "data" / "corrections.csv")}
    for row in rejects:
        for (number, column), value in corrections.items():
            if number == row["clevertap_row"]:
                row[column] = value
    mended = tmp_path / "mended.csv"
    with mended.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rejects[0]))
        writer.writeheader()
        writer.writerows(rejects)
    again = returned(run_dag(dag, run_conf={"source": str(mended)}), "load_profiles")
    assert (again["rows"], again["accepted"]) == (len(rejects), len(rejects))
    assert emulator.stats()["stored"]["profiles"] == 3_000 - summary["skipped"]


def test_segments_are_worked_out_and_loaded(run_dag: Any, returned: Any, connection: str, emulator: Any) -> None:
    summary = returned(run_dag(dag_in(EXAMPLES / "profiles_from_a_function.py")), "load_segments")
    bought: dict[str, float] = {}
    for row in read(EXAMPLES / "data" / "purchases.csv"):
        bought[row["customer_id"]] = bought.get(row["customer_id"], 0) + float(row["amount"])
    assert summary["accepted"] == len(bought) == len(emulator.profiles())
    assert {one["data"]["Segment"] for one in emulator.profiles()} == {"occasional", "regular", "best"}
    best = max(bought, key=lambda customer: bought[customer])
    found = emulator.profile(best)["data"]
    assert (found["Segment"], found["Total Spent"]) == ("best", pytest.approx(bought[best]))
    assert found["Last Purchase"].startswith("$D_")


def test_each_file_is_a_load_of_its_own(run_dag: Any, connection: str, emulator: Any) -> None:
    files = sorted((EXAMPLES / "data" / "customers_by_country").glob("*.csv"))
    dag_run = run_dag(dag_in(EXAMPLES / "mapped_files_with_a_pool.py"))
    loads = [one for one in dag_run.get_task_instances() if one.task_id == "load_country"]
    assert {one.map_index: one.rendered_map_index for one in loads} == dict(enumerate(path.name for path in files))
    assert {(one.map_index, one.pool, one.pool_slots) for one in loads} == {
        (place, "clevertap", 5) for place in range(len(files))
    }
    assert len(emulator.profiles()) == sum(len(read(path)) for path in files)


def test_the_command_makes_the_pool(airflow_db: Path, run_airflow: Any) -> None:
    text = (EXAMPLES / "mapped_files_with_a_pool.py").read_text(encoding="utf-8")
    (command,) = [line for line in text.splitlines() if line.startswith("    airflow pools set ")]
    done = run_airflow(*shlex.split(command)[1:])
    assert done.returncode == 0, done.stderr
    pool = json.loads(run_airflow("pools", "get", "clevertap", "--output", "json").stdout)
    assert [(one["pool"], int(one["slots"])) for one in pool] == [("clevertap", 15)]


def test_order_lines_become_whole_orders(run_dag: Any, returned: Any, connection: str, emulator: Any) -> None:
    summary = returned(run_dag(dag_in(EXAMPLES / "charged_from_order_lines.py")), "load_orders")
    lines = read(EXAMPLES / "data" / "order_lines.csv")
    rejects = read(Path(summary["rejects_path"]))
    refused = {row["order_id"] for row in rejects}
    assert len(refused) == 4
    assert len(rejects) == summary["invalid"] == sum(line["order_id"] in refused for line in lines)
    assert {row["clevertap_field"] for row in rejects} == {"customer_id", "total", "unit_price"}
    stored = {event["data"]["Charged ID"]: event["data"] for event in emulator.events()}
    assert stored.keys() == {line["order_id"] for line in lines} - refused
    for order_id, order in stored.items():
        bought = [line["sku"] for line in lines if line["order_id"] == order_id]
        assert [item["SKU"] for item in order["Items"]] == bought


def test_the_last_choice_of_each_address_counts(run_dag: Any, returned: Any, connection: str, emulator: Any) -> None:
    summary = returned(run_dag(dag_in(EXAMPLES / "unsubscribe_list.py")), "update_subscriptions")
    assert {key: summary[key] for key in ("rows", "accepted", "invalid", "skipped", "rejected")} == {
        "rows": 23, "accepted": 13, "invalid": 3, "skipped": 7, "rejected": 0,
    }  # fmt: skip
    assert {row["clevertap_field"] for row in read(Path(summary["rejects_path"]))} == {"channel", "address"}
    found = {(one["type"], one["value"]): one["status"] for one in emulator.subscriptions()}
    assert len(found) == summary["accepted"]
    assert found["email", "liam.szabo4@example.com"] == "Resubscribe"
    assert found["phone", "+443069990175"] == "Unsubscribe"


def test_the_days_of_a_form_are_exported(run_dag: Any, returned: Any, connection: str, tmp_path: Path) -> None:
    path = EXAMPLES / "one_off_export.py"
    with needs(path, tmp_path) as options:
        summary = returned(run_dag(dag_in(path), **options), "export_events")
    assert (summary["rows"], summary["partitions"], summary["output"]) == (24, 2, str(tmp_path / "once"))


def test_a_night_that_runs_again_counts_its_own_day_only(
    run_dag: Any, returned: Any, connection: str, tmp_path: Path
) -> None:
    path = EXAMPLES / "nightly_events_to_parquet.py"
    with needs(path, tmp_path):
        dag = dag_in(path)
        ends = [datetime(2026, 1, day, tzinfo=ZoneInfo("Asia/Kolkata")) for day in (3, 2)]
        counted = [returned(run_dag(dag, at=end), "count_purchases")["purchases"] for end in ends]
    assert counted == [12, 12]


def test_the_days_of_a_report_are_replaced_in_the_table(run_dag: Any, connection: str, tmp_path: Path) -> None:
    path = EXAMPLES / "message_report_to_table.py"
    with needs(path, tmp_path) as options:
        for _ in range(2):
            assert run_dag(dag_in(path), **options).state == "success"
    with closing(sqlite3.connect(tmp_path / "reports.db")) as database:
        rows = database.execute("SELECT message_id, start_day, sent, clicked FROM messages").fetchall()
    assert rows == [("7", "2026-01-02", 9, None)]


def test_one_archive_feeds_three_loads(
    run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    path = EXAMPLES / "leaving_rudderstack.py"
    with needs(path, tmp_path):
        dag_run = run_dag(dag_in(path))
    profiles, events, tokens = (returned(dag_run, f"load_{kind}") for kind in ("profiles", "events", "tokens"))
    messages = [json.loads(line) for line in read_lines("rudderstack_messages.jsonl")[:-1]]
    for summary in (profiles, events, tokens):
        assert (summary["rows"], summary["invalid"], summary["rejected"]) == (len(messages) + 1, 1, 0)
    with_token = [one for one in messages if "token" in one.get("context", {}).get("device", {})]
    assert tokens["accepted"] == len(emulator.tokens()) == len(with_token)
    kinds = [one["type"] for one in messages]
    assert profiles["accepted"] == kinds.count("identify") + kinds.count("alias")
    # One message is there twice, and one is not meant for CleverTap.
    assert events["accepted"] == sum(kinds.count(kind) for kind in ("track", "page", "screen")) - 2
    orders = [event for event in emulator.events() if event["name"] == "Charged"]
    assert orders
    assert all({"Charged ID", "Amount", "Items"} <= order["data"].keys() for order in orders)
    assert {"Web Page Viewed: Home", "Screen Viewed: Main"} <= {event["name"] for event in emulator.events()}


def read_lines(name: str) -> list[str]:
    return (EXAMPLES / "data" / name).read_text(encoding="utf-8").splitlines()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
