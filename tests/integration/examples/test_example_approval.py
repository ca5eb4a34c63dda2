"""The example that asks a person: what it asks, and that nothing is stored before the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.example_needs import EXAMPLES, dag_in

pytest.importorskip("airflow.sdk.execution_time.hitl", reason="earlier than Airflow 3.1, which asks people")
pytestmark = [pytest.mark.airflow]


@pytest.mark.parametrize("choice", ["Approve", "Reject"])
def test_the_load_waits_for_the_answer(
    choice: str, run_dag: Any, returned: Any, connection: str, emulator: Any
) -> None:
    from tests.support.answering import answering

    stored_when_asked = []
    with answering(choice, before=lambda: stored_when_asked.append(emulator.stats()["stored"])) as asked:
        dag_run = run_dag(dag_in(EXAMPLES / "dry_run_then_approval.py"))

    checked = returned(dag_run, "check")
    assert checked["dry_run"] == "server"
    assert min(checked["accepted"], checked["rejected"], checked["invalid"]) > 0
    assert [set(stored.values()) for stored in stored_when_asked] == [{0}]

    (question,) = asked
    assert f"Load {checked['accepted']} profiles" in question["subject"]
    for outcome in ("rows", "accepted", "rejected", "invalid", "unconfirmed", "skipped"):
        assert f"| {outcome} | {checked[outcome]} |" in question["body"]
    assert len(checked["reasons"]) > 5
    rows = [f"| {each['rows']} | {each['outcome']} | {each['column'] or ''} | " for each in checked["reasons"]]
    table = "| Rows | Outcome | Column | Code | Why | First rows |\n|---|---|---|---|---|---|\n"
    assert question["body"].partition(table)[2].startswith(rows[0])
    lines = [line for line in question["body"].splitlines() if line.count(" | ") == 5]
    assert [line.startswith(row) for line, row in zip(lines[1:], rows, strict=True)] == [True] * len(rows)
    numbers = ", ".join(map(str, checked["reasons"][0]["first_rows"]))
    assert lines[1].endswith(f"| {checked['reasons'][0]['reason']} | {numbers} |")
    assert checked["rejects_path"] in question["body"]

    states = {task.task_id: task.state for task in dag_run.get_task_instances()}
    approved = choice == "Approve"
    assert states == {"check": "success", "approval": "success", "load": "success" if approved else "skipped"}
    assert emulator.stats()["stored"]["profiles"] == (checked["accepted"] if approved else 0)
