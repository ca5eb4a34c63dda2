"""Loads of order lines over HTTP: one purchase for each order, and an outcome for each of its lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.record_kinds import events
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import FrameSource
from tests.support.plain_rows import Rows

MakeLoad = Callable[..., Load]

COLUMNS = {"order_id": "Charged ID", "customer": "identity", "paid_at": "ts", "total": Column("Amount", type="float")}
ITEMS = {"sku": "SKU", "price": Column("Price", type="float"), "qty": Column("Quantity", type="integer")}
ORDERS = events(group_by="order_id", items=ITEMS)


def order(number: int, lines: int = 3, **cells: Any) -> list[dict[str, Any]]:
    shared = {"order_id": f"ord-{number}", "customer": f"cust-{number % 7}", "paid_at": str(1_700_000_000 + number)}
    return [
        {**shared, "total": "9.5", "sku": f"sku-{line}", "price": "2.5", "qty": str(line + 1), **cells}
        for line in range(lines)
    ]


def orders(*numbers: int) -> list[dict[str, Any]]:
    return [line for number in numbers for line in order(number)]


def rejects(path: Path) -> dict[int, tuple[str, str, str]]:
    with path.open(newline="") as stream:
        return {
            int(row["clevertap_row"]): (row["clevertap_code"], row["clevertap_field"], row["clevertap_reason"])
            for row in csv.DictReader(stream)
        }


class Files:
    """A source of several files with one block each."""

    fixed_columns, nested, many_files, name = True, False, True, "*.csv"

    def __init__(self, *files: list[dict[str, Any]]) -> None:
        self.files = files

    def blocks(self) -> Iterator[RowBlock]:
        for number, rows in enumerate(self.files):
            yield from (replace(block, file=f"{number}.csv") for block in Rows(rows, block_rows=2).blocks())

    def fingerprint(self) -> str | None:
        return repr(self.files)

    def is_large(self) -> bool:
        return False

    def progress(self) -> float | None:
        return None


@pytest.fixture
def load_lines(make_load: MakeLoad, tmp_path: Path) -> Callable[..., tuple[Any, dict[int, tuple[str, str, str]]]]:
    def load(source: Any, **options: Any) -> tuple[Any, dict[int, tuple[str, str, str]]]:
        path = tmp_path / "rejects.csv"
        path.unlink(missing_ok=True)
        given = {"kind": ORDERS, "columns": COLUMNS, "max_rejects": "100%", "rejects_path": path, **options}
        summary = make_load(source, **given).run()
        return summary, rejects(path) if path.exists() else {}

    return load


def test_each_order_is_one_event_with_its_items(load_lines: Any, emulator: RunningEmulator) -> None:
    lines = orders(*range(1_500))
    # In many exports only the first line has the values of the whole order.
    for line in lines[1:3]:
        line |= {"customer": None, "paid_at": "", "total": "  "}
    lines[4]["qty"] = None
    summary, _ = load_lines(Rows(lines, block_rows=1_000), max_in_flight=1)
    assert (summary.rows, summary.accepted, summary.requests) == (4_500, 4_500, 2)
    found = emulator.events()
    assert [event["data"]["Charged ID"] for event in found] == [f"ord-{number}" for number in range(1_500)]
    assert found[0]["name"] == "Charged"
    assert found[0]["ts"] == 1_700_000_000
    assert found[0]["data"] == {
        "Charged ID": "ord-0",
        "Amount": 9.5,
        "Items": [{"SKU": f"sku-{line}", "Price": 2.5, "Quantity": line + 1} for line in range(3)],
    }
    assert found[1]["data"]["Items"][1] == {"SKU": "sku-1", "Price": 2.5}
    assert emulator.error_stream() == []


@pytest.mark.parametrize("block_rows", [1, 2, 7, 700])
def test_an_order_that_cannot_be_sent_tells_so_on_each_line(
    load_lines: Any, emulator: RunningEmulator, block_rows: int
) -> None:
    lines = orders(1, 2, 3, 4, 5, 6)
    lines[4]["total"] = "10"  # disagrees
    lines[8]["price"] = "cheap"
    for line in lines[9:12]:
        line["customer"] = None
    lines[13]["order_id"] = None  # within order 5
    lines += [{**lines[0], "order_id": " "}, dict.fromkeys(lines[0]), *order(1), *order(7)]
    summary, found = load_lines(Rows(lines, block_rows=block_rows))
    assert [event["data"]["Charged ID"] for event in emulator.events()] == ["ord-1", "ord-6", "ord-7"]
    assert (summary.rows, summary.accepted, summary.invalid, summary.skipped) == (26, 9, 16, 1)
    assert {row: (code, field) for row, (code, field, _) in found.items()} == {
        **dict.fromkeys((4, 5, 6), ("", "total")),
        **dict.fromkeys((7, 8, 9), ("", "price")),
        **dict.fromkeys((10, 11, 12), ("523", "customer")),
        **dict.fromkeys((13, 15), ("", "")),
        **dict.fromkeys((14, 19), ("", "order_id")),
        **dict.fromkeys((21, 22, 23), ("", "order_id")),
    }
    assert found[7][2] == "not a number (row 9)"
    assert found[13][2] == "another line of the order cannot be used: row 14"
    assert "sort the source by 'order_id'" in found[21][2]
    assert "cheap" not in str(found)


def test_an_order_of_too_many_lines_is_never_sent_and_never_held(load_lines: Any, emulator: RunningEmulator) -> None:
    lines = [*order(1, 256), *order(2, 257), *order(3), *order(4, 3_000), *order(5)]
    summary, found = load_lines(Rows(lines, block_rows=100))
    assert [len(event["data"]["Items"]) for event in emulator.events()] == [256, 3, 3]
    assert (summary.accepted, summary.invalid, dict(summary.codes)) == (262, 3_257, {512: 3_257})
    assert "more than 256 lines" in found[257][2]


def test_an_order_spread_over_two_files_is_told_in_both(load_lines: Any, emulator: RunningEmulator) -> None:
    summary, found = load_lines(Files(orders(1, 2), order(2), [], orders(2, 3)))
    assert [event["data"]["Charged ID"] for event in emulator.events()] == ["ord-1", "ord-3"]
    assert (summary.accepted, summary.invalid) == (6, 9)
    assert set(found) == {4, 5, 6, 1, 2, 3}
    assert "continues in another file" in found[5][2]


def test_files_without_an_order_hide_no_order_that_is_spread_over_two_files(
    load_lines: Any, emulator: RunningEmulator
) -> None:
    empty = dict.fromkeys(order(1)[0], "")
    summary, found = load_lines(Files(orders(1, 2), [empty], [empty | {"sku": "a"}], orders(2, 3)))
    assert [event["data"]["Charged ID"] for event in emulator.events()] == ["ord-1", "ord-3"]
    assert (summary.accepted, summary.invalid, summary.skipped) == (6, 7, 1)
    assert "continues in another file" in found[5][2]
    assert "begins in another file" in found[3][2]


def test_a_line_that_cannot_be_read_spoils_its_order_alone(load_lines: Any, emulator: RunningEmulator) -> None:
    lines = orders(1, 2, 3)
    lines[4] |= {"order_id": "gibberish"}
    faults = {4: RowError("the row has too many cells", "qty"), 6: RowError("the row has too many cells", "qty")}
    summary, found = load_lines(Rows(lines, block_rows=2, faults=faults))
    assert [event["data"]["Charged ID"] for event in emulator.events()] == ["ord-1"]
    assert summary.invalid == 6
    assert found[5][1:] == ("qty", "the row has too many cells")
    assert found[4][2] == found[6][2] == "another line of the order cannot be used: row 5"
    assert found[9][2] == "another line of the order cannot be used: row 7"


def test_a_rejection_is_reported_on_each_line_of_the_order_and_can_be_loaded_again(
    load_lines: Any, make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    lines = orders(1, 2, 3, 4)
    lines[4]["qty"] = "many"
    lines.insert(8, dict.fromkeys(lines[0]))
    emulator.inject({"do": "fail_records", "identities": ["cust-3"]})
    summary, found = load_lines(Rows(lines, block_rows=5))
    assert (summary.accepted, summary.rejected, summary.invalid, summary.skipped) == (6, 3, 3, 1)
    assert {row: code for row, (code, *_) in found.items()} == {
        **dict.fromkeys((4, 5, 6), ""),
        **dict.fromkeys((7, 8, 10), "555"),
    }
    emulator.clear_faults()
    mended = tmp_path / "mended.csv"
    mended.write_text((tmp_path / "rejects.csv").read_text().replace("many", "2"))
    again = make_load(open_source(str(mended)), kind=ORDERS, columns=COLUMNS).run()
    assert again.accepted == 6
    bought = {event["data"]["Charged ID"]: len(event["data"]["Items"]) for event in emulator.events()}
    assert bought == dict.fromkeys(("ord-1", "ord-2", "ord-3", "ord-4"), 3)


def test_an_order_whose_fate_is_unknown_is_held_with_all_its_lines(load_lines: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "reset", "stored": False, "times": 1})
    summary, found = load_lines(Rows(orders(1, 2)), on_unconfirmed="hold")
    assert summary.unconfirmed == len(found) == 6


def test_a_bad_value_can_be_left_out_of_its_item(load_lines: Any, emulator: RunningEmulator) -> None:
    lines = orders(1, 2)
    lines[1] |= {"price": "cheap", "qty": "few"}
    summary, found = load_lines(Rows(lines), on_bad_value="drop")
    assert (summary.accepted, summary.values_dropped) == (6, 2)
    assert emulator.events()[0]["data"]["Items"][1] == {"SKU": "sku-1"}
    assert found == {1: ("", "price, qty", "price: not a number (row 2); qty: not a whole number (row 2)")}


def test_a_line_without_an_item_belongs_to_its_order(load_lines: Any, emulator: RunningEmulator) -> None:
    nothing = {"sku": None, "price": None, "qty": None}
    summary, _ = load_lines(Rows([*order(1, 1, **nothing), *order(1, 2), *order(2, 1, **nothing)]))
    assert summary.accepted == 4
    assert [event["data"].get("Items") for event in emulator.events()] == [
        [{"SKU": "sku-0", "Price": 2.5, "Quantity": 1}, {"SKU": "sku-1", "Price": 2.5, "Quantity": 2}],
        None,
    ]


def test_orders_from_other_sources(load_lines: Any, emulator: RunningEmulator, tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {"order_id": [1, 1, 2], "customer": "a", "paid_at": pd.Timestamp("2026-01-01"), "price": [1.5, 2, 3]}
    )
    columns = {name: choice for name, choice in COLUMNS.items() if name != "total"}
    options = {"kind": events(group_by="order_id", items=["price"]), "columns": columns}
    summary, _ = load_lines(open_source(FrameSource(frame)), **options)
    assert summary.accepted == 3
    path = tmp_path / "lines.jsonl"
    path.write_text(
        '{"order_id": 3, "customer": "a", "paid_at": 1700000000, "price": 1}\n'
        '{"order_id": 3, "price": 1.5, "gift": true}\n{"customer": "a"}\n'
    )
    summary, _ = load_lines(open_source(str(path)), **options)
    assert (summary.accepted, summary.invalid) == (2, 1)
    assert [event["data"] for event in emulator.events()] == [
        {"Charged ID": 1, "Items": [{"price": 1.5}, {"price": 2.0}]},
        {"Charged ID": 2, "Items": [{"price": 3.0}]},
        {"Charged ID": 3, "gift": True, "Items": [{"price": 1}, {"price": 1.5}]},
    ]


def test_the_report_says_how_lines_became_orders(make_load: MakeLoad, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    arguments = {"kind": ORDERS, "columns": COLUMNS, "profile_columns": {"mail": "Email"}, "report_path": path}
    make_load(Rows([line | {"mail": "a@example.com"} for line in orders(1)]), **arguments).run()
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["group_by"] == "order_id"
    assert report["items"]["price"] == {"name": "Price", "type": "float"}
    assert report["profile_columns"] == {"mail": {"name": "Email"}}
    assert "a@example.com" not in path.read_text(encoding="utf-8")


def test_the_profile_update_of_the_buyer_precedes_the_order(load_lines: Any, emulator: RunningEmulator) -> None:
    lines = orders(*range(1, 7))
    for place, line in enumerate(lines):
        line |= {"city": "Pune", "email": f"user{place // 3}@example.com"}
    lines[3]["city"] = "Delhi"  # disagrees
    lines[6]["email"] = lines[7]["email"] = lines[8]["email"] = "nobody"
    emulator.inject({"do": "fail_records", "identities": ["cust-4"]})
    columns = {"email": "Email", "city": "City"}
    summary, found = load_lines(Rows(lines, block_rows=4), profile_columns=columns)
    assert (summary.accepted, summary.invalid, summary.rejected) == (9, 6, 3)
    assert {row: field for row, (_, field, _) in found.items()} == {
        **dict.fromkeys((4, 5, 6), "city"),
        **dict.fromkeys((7, 8, 9), "email"),
        **dict.fromkeys((10, 11, 12), ""),
    }
    assert "the event was not sent" in found[11][2]
    assert [event["data"]["Charged ID"] for event in emulator.events()] == ["ord-1", "ord-5", "ord-6"]
    assert [len(event["data"]["Items"]) for event in emulator.events()] == [3, 3, 3]
    with pytest.raises(MappingError, match="'sku' is both an item's and the order's"):
        load_lines(Rows(lines), profile_columns=["sku"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": ITEMS}, "items needs group_by"),
        ({"group_by": "order_id"}, "group_by needs items"),
        ({"group_by": "order_id", "items": {}}, "items is empty: name at least one column"),
        ({"group_by": "order_id", "items": "sku"}, "items must be a mapping from source columns to fields, or a list"),
        ({"group_by": "order_id", "items": ITEMS, "event_name": "Viewed"}, "make Charged events"),
    ],
)
def test_arguments_that_do_not_go_together(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        events(**arguments)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": {"sku": "SKU", "total": "Total"}}, "'total' is both an item's and the order's"),
        ({"items": {"skuu": "SKU"}}, r"no column 'skuu' \(did you mean 'sku'"),
        ({"items": {"sku": Column("SKU", operator="$add")}}, "only properties of profiles"),
        ({"items": {"sku": "SKU", "qty": "SKU"}}, "would all become SKU"),
        ({"items": {"sku": "Unit.Code"}}, "cannot become a property"),
        ({"items": {"sku": "TS"}}, "'sku' would become TS, which belongs to the order"),
        ({"group_by": "order"}, r"no column 'order' \(did you mean 'order_id'"),
        ({"columns": {**COLUMNS, "qty": "Items"}, "items": ["sku"]}, "'qty' would become Items"),
        ({"columns": {**COLUMNS, "qty": "evtName"}, "items": ["sku"]}, "'qty' would become evtName"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    make_load: MakeLoad, emulator: RunningEmulator, changes: dict[str, Any], message: str
) -> None:
    kind = events(group_by=changes.get("group_by", "order_id"), items=changes.get("items", ITEMS))
    with pytest.raises(MappingError, match=message):
        make_load(Rows(orders(1, 2, 3), block_rows=2), kind=kind, columns=changes.get("columns", COLUMNS)).run()
    assert emulator.requests() == []


def test_ids_of_orders_must_not_be_floats(make_load: MakeLoad) -> None:
    import pandas as pd

    frame = pd.DataFrame({"order_id": [1, None], "customer": "a", "paid_at": 1_700_000_000, "price": 1})
    with pytest.raises(MappingError, match="floating-point"):
        make_load(
            open_source(FrameSource(frame)),
            kind=events(group_by="order_id", items=["price"]),
            columns={"customer": "identity", "paid_at": "ts"},
        ).run()
