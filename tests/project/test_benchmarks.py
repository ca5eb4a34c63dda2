"""The benchmarks count correctly, and the performance page has a section for each of their tables."""

from __future__ import annotations

import json
import runpy
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from airflow_provider_clevertap.exporting.files.small_file import write_small_file
from benchmarks import exporting, plots, sending
from benchmarks.contenders import CONTENDERS
from benchmarks.counting_server import Tally
from benchmarks.data import DATASETS, SOME_ORDERS
from benchmarks.data.files import tables
from benchmarks.data.pieces import Dirt
from benchmarks.measuring import Job, Measured, measure
from benchmarks.publishing import PAGE, TABLE, fill_in
from benchmarks.reporting import COLUMNS, compared, machine
from benchmarks.stages import measured_methods
from benchmarks.tables import TABLES
from benchmarks.trend import SCRIPT, draw_trend
from benchmarks.ways_to_send import WAYS

#: two bad orders, and every bad cell of device tokens
ROWS = 500


@pytest.mark.slow
@pytest.mark.parametrize("name", ["load-events", "load-orders", "load-tokens", "load-subscriptions"])
def test_a_load_sends_every_good_row_once_and_no_bad_one(name: str, tmp_path: Path) -> None:
    run = measure(Job(name, stages=True), tmp_path, ROWS)
    assert (run.lost, run.doubled, run.bad_rows_sent) == (0, 0, 0)
    assert 0 < run.in_flight <= 10
    assert all(run.stages[stage] > 0 for stage in ("read", "encode", "pack", "send", "settle"))
    assert ("find last rows" in run.stages) == (name == "load-subscriptions")


@pytest.mark.slow
def test_a_script_sends_the_bad_rows_too(tmp_path: Path) -> None:
    run = measure(Job("to-dict"), tmp_path, ROWS)
    assert (run.lost, run.doubled, run.bad_rows_sent) == (0, 0, DATASETS["people"].dirt.count(ROWS))


@pytest.mark.slow
def test_requests_beyond_the_ceiling_are_refused_and_sent_again(tmp_path: Path) -> None:
    run = measure(Job("load-tokens", latency_ms=150, in_flight=15, ceiling=2), tmp_path, 2 * ROWS)
    assert run.server["refused"] > 0
    assert (run.lost, run.doubled, run.bad_rows_sent) == (0, 0, 0)


@pytest.mark.slow
def test_every_way_to_send_a_request_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delitem(WAYS, "asyncio-2")  # httpx's HTTP/2 does not always come to an end
        (turn,) = sending.measure(turns=1, scale=0.01)
        assert set(turn) == set(WAYS)
    assert all(found["cpu"] > 0 for way in turn.values() for found in (way["20 kB"], way["300 kB"]))
    rows = sending.table([{**turn, "asyncio-2": {}}])
    assert len(rows) == 1 + len(WAYS)
    assert ["failed" in row for row in rows] == [False, *(way == "asyncio-2" for way in WAYS)]


@pytest.mark.slow
def test_every_export_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("parquet-x10", "parquet-200ms"):
        monkeypatch.delitem(exporting.CONTENDERS, name)
    (turn,) = exporting.measure(turns=1, rows=15_000)
    assert set(turn) == set(exporting.CONTENDERS)
    assert all(run["rows"] == 15_000 and run["cpu"] > 0 for run in turn.values())
    assert len(exporting.table([turn])) == 1 + len(turn)


def test_the_tally_tells_lost_doubled_and_bad_rows_apart() -> None:
    tally = Tally(DATASETS["people"], 200)
    good = [row for row in range(1, 201) if row % 100 != 37]
    sent = [*good[2:], good[5], 37]
    people = [f'{{"identity":"cust-{row:08}","type":"profile"}}' for row in sent]
    body = '{"d":[' + ",".join([*people, '{"identity": "", "type": "profile"}']) + "]}"
    assert tally.count(body.encode()) == len(people) + 1
    counted = tally.to_dict()
    assert {name: counted[name] for name in ("lost", "doubled", "bad_rows_sent")} == {
        "lost": 2, "doubled": 1, "bad_rows_sent": 2,
    }  # fmt: skip


@pytest.mark.parametrize("name", DATASETS)
def test_the_same_rows_come_out_every_time(name: str) -> None:
    one, other = (next(tables(DATASETS[name], ROWS)) for _ in range(2))
    assert one.equals(other)
    assert len(one) == ROWS


def test_bad_rows_are_counted_without_looking_at_them() -> None:
    dirt = Dirt(10, (3, 7))
    for rows in (0, 2, 3, 7, 12, 13, 100):
        assert dirt.count(rows) == sum(row % 10 in (3, 7) for row in range(1, rows + 1))


def test_the_bad_lines_are_whole_orders() -> None:
    lines = next(tables(DATASETS["order-lines"], 2 * SOME_ORDERS.every))
    orders = lines.column("order_id").to_pylist()
    bad = {row for row in range(1, len(orders) + 1) if row % SOME_ORDERS.every in SOME_ORDERS.places}
    of_bad_orders = {orders[row - 1] for row in bad}
    assert len(of_bad_orders) == 2
    assert {row for row, order in enumerate(orders, 1) if order in of_bad_orders} == bad


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_made(name: str) -> None:
    table = TABLES[name]
    keys = [job.key for job in table.jobs]
    assert len(set(keys)) == len(keys)
    assert {job.contender for job in table.jobs} <= set(CONTENDERS)
    compares = [column for column in table.columns if ", times " in column]
    assert not compares or table.baseline in keys
    assert set(table.columns) - set(compares) - {"of those asked", "until all in flight, s"} <= set(COLUMNS)


def test_the_page_has_a_place_for_every_table() -> None:
    places = [name for _, name, _ in TABLE.findall(PAGE.read_text(encoding="utf-8"))]
    assert sorted(places) == sorted([*TABLES, "columns", "exporting", "sending", "parsing", "machine"])


def test_only_what_was_measured_is_replaced(tmp_path: Path) -> None:
    record = {"machine": machine(), "table": "| new |", "took": "One turn"}
    (tmp_path / "dirty.json").write_text(json.dumps(record))
    page = "<!-- measured: dirty -->\nold\n<!-- end -->\n<!-- measured: kinds -->\nold\n<!-- end -->\n"
    new = fill_in(page, tmp_path, tmp_path)
    assert "<!-- measured: dirty -->\n| new |\n\nOne turn.\n<!-- end -->" in new
    assert "<!-- measured: kinds -->\nold\n<!-- end -->" in new


def words_of(svg: str) -> list[str | None]:
    return [text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


def run_of(row: str, rows: int, **more: Any) -> dict[str, Any]:
    return {"row": row, "title": row, "rows": rows, "wall": 1.0, "cpu": 2.0, "peak_mb": 200.0, **more}


def test_plots_show_every_size_and_every_stage() -> None:
    svg = plots.scaling([run_of("load-csv-x1", 1_000_000), run_of("load-csv-x10", 10_000_000)])
    words = words_of(svg)
    assert words.count("1 M") == words.count("10 M") == len(plots.PANELS)
    svg = plots.stages([run_of("load-csv", 1_000_000, stages={"read": 0.5, "encode": 1.0})])
    assert {"read", "encode", "everything else", "2.00"} <= set(words_of(svg))


def test_the_trend_of_the_documentation_is_counted_and_drawn(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw_trend(tmp_path / name)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg == (tmp_path / "b.svg").read_text(encoding="utf-8")
    words = words_of(svg)
    assert {"orders of each day", "orders of each month", "Sep 2025", "mean of seven days"} <= set(words)
    shown = words_of((PAGE.parent / "trend.svg").read_text(encoding="utf-8"))
    assert [word for word in words if word] == [word for word in shown if word]


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl.gz"])
def test_the_example_draws_what_the_operator_writes(tmp_path: Path, ending: str) -> None:
    rows = [
        *({"group": "day", "period": f"2026110{n}", "start": date(2026, 11, n), "count": n} for n in (1, 3)),
        {"group": "month", "period": "202611", "start": date(2026, 11, 1), "count": 4},
        *({"group": "week", "period": f"20264{n}", "start": None, "count": 2} for n in (4, 5)),
    ]
    columns = {"group": "text", "period": "text", "start": "day", "count": "integer"}
    path = tmp_path / f"trend.{ending}"
    write_small_file(path, rows, columns, mode=0o600)
    example = runpy.run_path(str(SCRIPT))
    example["draw"](example["read_trend"](path), tmp_path / "trend.svg")
    words = words_of((tmp_path / "trend.svg").read_text(encoding="utf-8"))
    assert {"day", "month", "week", "Nov 2026", "202644", "202645"} <= set(words)


def test_the_methods_of_every_stage_exist() -> None:
    for stage, owner, name in measured_methods():
        assert callable(getattr(owner, name, None)), f"{stage}: {owner.__name__} has no method {name}"


def measured(cpu: float) -> Measured:
    return Measured(
        rows=100, file_mb=1, cpu=cpu, start_up=1, wall=1, peak_mb=1, added_mb=1, lost=0, doubled=0, bad_rows_sent=0,
        in_flight=1, full=0, server={},
    )  # fmt: skip


def test_ratios_are_of_runs_made_in_the_same_turn() -> None:
    table = TABLES["dirty"]
    clean, some, _ = table.jobs
    # the machine was three times slower in the second turn
    turns = [{clean.key: measured(1.0), some.key: measured(2.0)}, {clean.key: measured(3.0), some.key: measured(6.6)}]
    head, first, second = compared(table, [clean, some], turns)
    place = head.index("CPU, times clean")
    assert (first[place], second[place]) == ("1.00", "2.10 (2.00 to 2.20)")
    assert compared(table, [some], [{some.key: measured(2.0)}])[1][place] == ""
