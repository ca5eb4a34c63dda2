"""The example behind a trigger form: every kind of record, and every entry that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.example_needs import EXAMPLES, dag_in

pytestmark = [pytest.mark.airflow]

PEOPLE = "id,mail,born\nu-1,ana@example.com,1990-02-01\nu-2,bo@example.com,1991-03-02\n"
VIEWS = "id,at,sku\nu-1,2026-01-02 03:04:05,a\nu-2,2026-01-02 04:05:06,b\n"
TOKENS = "device,push,platform\n__d1,token-1,fcm\n__d2,token-2,apns\n"
OF_EVENTS = {"kind": "events", "columns": {"id": "identity", "at": "ts", "sku": "Product"}}


@pytest.fixture
def dag() -> Any:
    return dag_in(EXAMPLES / "one_off_load.py")


@pytest.fixture
def trigger(dag: Any, run_dag: Any, returned: Any, connection: str, tmp_path: Path) -> Any:
    """Trigger the DAG with a file and entries of the form; give the tasks by id, and the summary of the load."""

    def run(rows: str, kind: str = "profiles", **entries: Any) -> tuple[dict[str, Any], Any]:
        path = tmp_path / "rows.csv"
        path.write_text(rows)
        dag_run = run_dag(dag, run_conf={"source": str(path), "kind": kind, **entries})
        tasks = {task.task_id: task for task in dag_run.get_task_instances()}
        return tasks, returned(dag_run, f"load_{kind}")

    return run


def states(tasks: dict[str, Any]) -> dict[str, str]:
    return {name.removeprefix("load_"): str(task.state) for name, task in tasks.items() if name != "choose_kind"}


def test_profiles(trigger: Any, emulator: Any) -> None:
    tasks, summary = trigger(PEOPLE, columns={"id": "identity", "mail": "Email"}, default_country=None)
    assert states(tasks) == {"profiles": "success", "events": "skipped", "device_tokens": "skipped"}
    assert (summary["kind"], summary["accepted"]) == ("profiles", 2)
    assert emulator.profile("u-2")["data"] == {"Email": "bo@example.com"}


def test_words_and_amounts_of_an_export(trigger: Any, emulator: Any) -> None:
    columns = {
        "id": "identity",
        "sex": {"name": "Gender", "values": {"weiblich": "F", "divers": None}},
        "level": {"name": "Level", "type": "integer", "values": {"keins": 0}, "default": 1},
        "spent": {"name": "Spent", "decimal": ",", "thousands": ".", "currency": ["€", "EUR"]},
        "mail": {"name": "Email", "on_bad_value": "drop"},
    }
    rows = 'id,sex,level,spent,mail\nu-1,weiblich,keins,"1.234,56 €",none\nu-2,divers,,"0,5",bo@example.com\n'
    tasks, summary = trigger(rows, columns=columns)
    assert states(tasks)["profiles"] == "success"
    assert summary["values_dropped"] == 1
    assert emulator.profile("u-1")["data"] == {"Gender": "F", "Level": 0, "Spent": 1234.56}
    assert emulator.profile("u-2")["data"] == {"Level": 1, "Spent": 0.5, "Email": "bo@example.com"}


def test_events(trigger: Any, emulator: Any) -> None:
    tasks, summary = trigger(VIEWS, event_name="Product Viewed", **OF_EVENTS)
    assert states(tasks) == {"profiles": "skipped", "events": "success", "device_tokens": "skipped"}
    assert (summary["kind"], summary["accepted"]) == ("events", 2)
    assert [(event["name"], event["data"]) for event in emulator.events()] == [
        ("Product Viewed", {"Product": "a"}),
        ("Product Viewed", {"Product": "b"}),
    ]


def test_device_tokens(trigger: Any, emulator: Any) -> None:
    columns = {"device": "objectId", "push": "token", "platform": "type"}
    tasks, summary = trigger(TOKENS, "device_tokens", columns=columns)
    assert states(tasks) == {"profiles": "skipped", "events": "skipped", "device_tokens": "success"}
    assert (summary["kind"], summary["accepted"]) == ("device tokens", 2)


def test_without_a_mapping_columns_go_under_their_own_names(trigger: Any, emulator: Any) -> None:
    tasks, _ = trigger("identity,Shoe Size\nu-1,38\n", columns=None, unmapped="send")
    assert states(tasks)["profiles"] == "success"
    assert emulator.profile("u-1")["data"] == {"Shoe Size": "38"}


def test_a_dry_run_stores_nothing(trigger: Any, emulator: Any) -> None:
    tasks, summary = trigger(PEOPLE, columns={"id": "identity"}, dry_run=True)
    assert states(tasks)["profiles"] == "success"
    assert (summary["dry_run"], summary["accepted"]) == ("server", 2)
    assert emulator.profiles() == []


@pytest.mark.parametrize(
    ("allowed", "state"),
    [("0", "failed"), ("1", "failed"), ("2", "success"), ("40%", "failed"), ("50%", "success"), ("100%", "success")],
)
def test_rows_that_may_fail_are_a_number_or_a_share(trigger: Any, allowed: str, state: str) -> None:
    tasks, summary = trigger(
        PEOPLE + "u-3,nobody\nu-4,nowhere\n", columns={"id": "identity", "mail": "Email"}, max_rejects=allowed
    )
    assert states(tasks)["profiles"] == state
    assert (summary["accepted"], summary["rejected"] + summary["invalid"]) == (2, 2)


@pytest.mark.parametrize(
    ("rows", "entries", "message"),
    [
        (PEOPLE, {"source": "nowhere/people.csv"}, "nowhere/people.csv: there is no such file"),
        (PEOPLE, {"columns": {"id": "identity", "email": "Email"}}, "the source has no column 'email' (did you mean"),
        (PEOPLE, {"columns": {"mail": "Email"}}, "no column identifies the owner of a row"),
        (PEOPLE, {"columns": None}, "no column identifies the owner of a row"),
        (PEOPLE, {"columns": {"id": 7.5}}, "column 'id': expected a name or a Column, not float"),
        (PEOPLE, {"columns": {"id": {"nam": "identity"}}}, "column 'id': 'nam' is not an option"),
        (PEOPLE, {"columns": {"id": "identity"}, "unmapped": "error"}, "unmapped='error': 'mail'"),
        (
            PEOPLE,
            {"columns": {"id": "identity"}, "conn_id": "nobody_made_it"},
            "There is no connection 'nobody_made_it'",
        ),
        (
            PEOPLE,
            {"columns": {"id": "identity"}, "default_country": "XX"},
            "default_country='XX' is not an ISO country",
        ),
        (VIEWS, OF_EVENTS, "no column becomes evtName"),
        (VIEWS, OF_EVENTS | {"event_name": ""}, "or give event_name for all"),
        (VIEWS, OF_EVENTS | {"event_name": "App Launched"}, "event_name='App Launched'"),
        (VIEWS, {"kind": "events", "event_name": "Viewed", "columns": {"id": "identity"}}, "no column becomes ts"),
        (
            TOKENS,
            {"kind": "device_tokens", "columns": {"device": "objectId", "push": "token"}},
            "no column becomes type",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_in_the_log(
    trigger: Any, emulator: Any, rows: str, entries: Any, message: str, capfd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tasks, _ = trigger(rows, **entries)
    kind = entries.get("kind", "profiles")
    assert (tasks[f"load_{kind}"].state, tasks[f"load_{kind}"].try_number) == ("failed", 1)
    printed = capfd.readouterr()
    log = caplog.text + printed.out + printed.err
    assert message in log
    assert "AirflowFailException" in log
    assert emulator.requests() == []


@pytest.mark.parametrize(
    "entries",
    [
        {"kind": "people"},
        {"source": ""},
        {"source": None},
        {"columns": ["id"]},
        {"columns": json.dumps({"id": "identity"})},
        {"unmapped": "perhaps"},
        {"event_name": 7},
        {"conn_id": ""},
        {"dry_run": "perhaps"},
        {"max_rejects": -0.1},
        {"max_rejects": 5},
        {"max_rejects": "1.0"},
        {"max_rejects": "0.05"},
        {"max_rejects": "101%"},
        {"max_rejects": "5 %"},
        {"max_rejects": "few"},
        {"default_country": "Great Britain"},
        {"default_country": "gb"},
    ],
    ids=json.dumps,
)
def test_what_a_schema_can_say_is_refused_before_there_is_a_run(dag: Any, entries: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=f"Invalid input for param {next(iter(entries))}"):
        dag.params.update(entries)
