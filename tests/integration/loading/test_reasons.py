"""Why rows failed is in the summary, counted, whatever found it: the source, the rules or CleverTap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import TooManyRejectsError
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.record_kinds import subscriptions
from airflow_provider_clevertap.loading.record_kinds.events import events
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.records.error_codes import ERROR_CODES
from airflow_provider_clevertap.sources import CsvSource
from tests.support.broken_loads import MakeLoad, interrupt
from tests.support.plain_rows import people

COLUMNS = {"id": "identity", "joined": Column("Joined", type="date", format="dd/MM/yyyy"), "age": "Age"}


def counted(summary: Summary) -> set[tuple[Any, ...]]:
    """Return outcome, code, column, reason and number of rows of each reason."""
    keys = ("outcome", "code", "column", "reason", "rows")
    return {tuple(reason[key] for key in keys) for reason in summary.to_dict()["reasons"]}


def described(code: int) -> str:
    return "; ".join(ERROR_CODES[code])


def test_reasons_of_every_kind(make_load: Any, emulator: RunningEmulator, tmp_path: Path) -> None:
    path, report = tmp_path / "people.csv", tmp_path / "report.json"
    path.write_text(
        "id,joined,age\n1,01/02/2020,30\n2,2020-02-01,thirty\n3,31/02/2020,30\n4,01/02/2020\n5,01/02/2020,3,0\n"
        "null,01/02/2020,30\n,,\n8,01/02/2020,30\n9,x,y,z,\n"
    )
    emulator.inject({"do": "fail_records", "identities": ["8"]})
    load: Load = make_load(open_source(str(path)), columns=COLUMNS, report_path=report)
    with pytest.raises(TooManyRejectsError) as caught:
        load.run()
    cells = "look for a missing or surplus delimiter, or a cell that needs quotes around it"
    assert counted(load.summary) == {
        ("invalid", None, "joined", "not a date written as dd/MM/yyyy", 2),
        ("invalid", 520, "age", "not a whole number of years", 1),
        ("invalid", None, None, f"the row has fewer cells than the header: {cells}", 1),
        ("invalid", None, None, f"the row has more cells than the header: {cells}", 2),
        ("invalid", 523, "id", "this value stands for 'nothing' and cannot be an identity", 1),
        ("rejected", 555, None, described(555), 1),
        ("skipped", None, None, "every cell of the row is empty", 1),
    }
    first, *lines, where = str(caught.value).split("\n")
    assert first == "7 of 9 rows failed and max_rejects allows 0; 1 row was accepted."
    assert lines[0] == "- 2 rows invalid (column joined): not a date written as dd/MM/yyyy [rows 2, 3]"
    assert len(lines) == 5
    assert where == "Set rejects_path to see which rows and why."
    assert json.loads(report.read_text())["summary"]["reasons"] == caught.value.summary["reasons"]


def test_values_left_out_have_their_reasons_too(make_load: Any, emulator: RunningEmulator) -> None:
    rows = people(20, Gender="F")
    for row in rows[:9]:
        row["Gender"] = "unknown"
    rows[4]["Email"] = "broken"
    rows[5]["identity"] = "cust-late"
    emulator.inject({"do": "fail_records", "identities": ["cust-late"]})
    summary = make_load(rows, on_bad_value="drop", max_rejects=1).run()
    assert counted(summary) == {
        ("left out", 514, "Gender", "not M or F (male and female also work)", 9),
        ("left out", 515, "Email", "not an e-mail address", 1),
        ("rejected", 555, None, described(555), 1),
    }
    assert summary.values_dropped == 10


def test_every_attempt_counts_the_reasons_of_the_whole_load(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(6_000)
    for number in range(0, 6_000, 100):
        rows[number]["Email"] = "broken"
    for number in (7, 1_007, 4_007):
        rows[number]["Email"] = "someone@-mail.example.com"  # which CleverTap rejects
    load = make(rows, max_in_flight=1, max_rejects="100%", after=3)
    interrupt(load)
    assert ("rejected", 515, "Email", described(515), 2) in counted(load.summary)
    resumed = make(rows, max_in_flight=1, max_rejects="100%").run()
    assert resumed.resumed_from_row is not None
    assert (resumed.rejected, resumed.invalid) == (3, 60)
    whole = {
        ("invalid", 515, "Email", "not an e-mail address", 60),
        ("rejected", 515, "Email", described(515), 3),
    }
    assert counted(resumed) == whole
    assert resumed.reasons[1]["first_rows"] == [8, 1_008, 4_008]


def test_lines_of_orders_and_replaced_statuses_have_reasons_without_row_numbers(make_load: Any, tmp_path: Path) -> None:
    orders, statuses = tmp_path / "orders.csv", tmp_path / "statuses.csv"
    orders.write_text("order,id,sku\n" + "".join(f"{n},c{n},a\n{n},c{n},b,surplus\n" for n in range(9)))
    charged = events(event_name="Charged", timestamp="now", group_by="order", items={"sku": "sku"})
    load: Load = make_load(open_source(str(orders)), kind=charged, columns={"id": "identity"}, max_rejects="100%")
    assert {(reason, rows) for *_, reason, rows in counted(load.run())} == {
        ("another line of the order cannot be used", 9),
        ("the row has more cells than the header: look for a missing or surplus delimiter, or a cell that needs quotes "
         "around it", 9),
    }  # fmt: skip
    statuses.write_text("mail,status\n" + "a@example.com,Unsubscribe\nb@example.com,Unsubscribe\n" * 4)
    source = open_source(CsvSource(str(statuses)))
    kind = subscriptions(channel="email")
    load = make_load(source, kind=kind, columns={"mail": "value"}, max_rejects="100%")
    assert {(outcome, rows) for outcome, *_, rows in counted(load.run())} == {("skipped", 6)}
