"""An order's lines become one event whatever the blocks: the fast way agrees with the plain one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.orders import grouping
from airflow_provider_clevertap.loading.encoding.orders import items as order_items
from airflow_provider_clevertap.loading.encoding.orders.encoder import OrderEncoder
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome
from airflow_provider_clevertap.loading.record_kinds import RecordKind, events
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.records.models.items import read_item
from tests.support.examples_of_properties import TIMES, examples
from tests.support.hostile_values import COLUMN_TYPES, anything, text
from tests.support.order_reference import File, PlainOrders, Where

COLUMNS = {"id": Column("Charged ID"), "who": Column("identity"), "when": Column("ts")}
ITEMS = {"sku": "SKU", "price": Column("Price", type="float")}
NAMES = ("id", "who", "when", "note", "sku", "price")
KIND = events(group_by="id", items=ITEMS)

CELLS = {
    "id": st.sampled_from(["a", "a", "a", "b", "b", "c", None]),
    "who": st.sampled_from(["cust-1", None]),
    "when": st.sampled_from(["1700000000", "1700000000", "1700000000", None]),
    "note": st.sampled_from(["x", "x", None, None, "y", " "]),
    "sku": st.sampled_from(["s1", "s2", None, '"']),
    "price": st.sampled_from(["1.5", "2", None, "2", " 3 ", "x"]),
}
LINES = st.one_of(
    st.fixed_dictionaries(CELLS),
    st.fixed_dictionaries({**CELLS, "who": st.just("cust-1"), "note": st.just("x"), "price": st.just("2")}),
    st.just(dict.fromkeys(CELLS)),
)
FILES = st.lists(
    st.lists(st.tuples(LINES, st.integers(0, 15).map(lambda dice: dice == 0)), max_size=12).map(
        lambda lines: ([line for line, _ in lines], {place for place, (_, bad) in enumerate(lines) if bad})
    ),
    min_size=1,
    max_size=4,
)


def blocks_of(files: list[File], sizes: list[int], types: dict[str, pa.DataType | None]) -> Iterator[RowBlock]:
    """Give the rows of files in blocks of the given sizes, in turn, over and over."""
    turn = 0
    for number, (rows, faults) in enumerate(files):
        start = 0
        while start < len(rows):
            stop = min(len(rows), start + sizes[turn % len(sizes)])
            turn += 1
            part = rows[start:stop]
            columns = {
                name: pa.array([row[name] for row in part], kind) for name, kind in types.items() if kind is not None
            }
            objects = {name: [row[name] for row in part] for name, kind in types.items() if kind is None}
            bad = {place - start: RowError("too many cells", "sku") for place in faults if start <= place < stop}
            yield RowBlock(f"file {number}", start + 1, tuple(types), columns, objects, bad)
            start = stop


def encode(
    kind: RecordKind, choices: Any, blocks: Iterator[RowBlock], on_bad_value: Any = "reject"
) -> tuple[dict[Where, Any], dict[Where, Outcome], set[Where]]:
    """Give the records by their first line, the outcome of each line, and the lines that tell of left-out values."""
    assert kind.lines is not None
    encoder = OrderEncoder(Encoder(kind, choices, on_bad_value=on_bad_value), kind.lines, choices)
    records: dict[Where, Any] = {}
    outcomes: dict[Where, Outcome] = {}
    dropped = set()
    for encoded in encoder.encode_all(blocks):
        if not len(encoded.block):
            continue
        file, first = int(encoded.block.file.split()[1]), encoded.block.first_row - 1
        sent = set(encoded.rows.tolist())
        for row, written in zip(encoded.rows.tolist(), encoded.records.to_pylist(), strict=True):
            records[file, first + row] = json.loads(written[:-1])
        for row in range(len(encoded.block)):
            assert (file, first + row) not in outcomes
            outcomes[file, first + row] = Outcome.ACCEPTED
            if row in encoded.unsent:
                outcomes[file, first + row] = encoded.unsent[row].outcome
                assert row not in sent
            else:
                assert int(encoded.record_first_rows[row]) in sent  # type: ignore[index]
        dropped |= {(file, first + row) for row in encoded.dropped}
    return records, outcomes, dropped


@examples(120)
@given(files=FILES, sizes=st.lists(st.integers(1, 13), min_size=1, max_size=4), most=st.sampled_from([2, 4, 256]))
@pytest.mark.parametrize("on_bad_value", ["reject", "drop"])
def test_orders_are_the_same_wherever_blocks_end(
    monkeypatch: pytest.MonkeyPatch, on_bad_value: str, files: list[File], sizes: list[int], most: int
) -> None:
    monkeypatch.setattr(grouping, "CHARGED_ITEMS", most)
    plain = PlainOrders(KIND, COLUMNS, NAMES, on_bad_value=on_bad_value, max_lines=most)
    plain.validate(files)
    found = encode(KIND, COLUMNS, blocks_of(files, sizes, dict.fromkeys(NAMES, pa.string())), on_bad_value)
    assert found == (plain.records, plain.outcomes, plain.dropped)


def test_hostile_items_are_what_the_models_make_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = rows = read = 0

    def counting(*line: Any) -> Any:
        nonlocal read
        read += 1
        return read_item(*line)

    monkeypatch.setattr(order_items, "read_item", counting)
    for seed in range(25 * TIMES):
        source = random.Random(seed)
        types: dict[str, Any] = dict.fromkeys(NAMES[:3], pa.string())
        makes: dict[str, Any] = {}
        choices = {"id": Column("Charged ID"), "who": Column("identity"), "when": Column("ts")}
        items: dict[str, Any] = {}
        for number in range(source.randrange(1, 5)):
            name = f"column {number}"
            declared = source.choice([None, None, "text", "integer", "float", "boolean", "date"])
            column = Column(f"Item {number}", type=declared)
            make = source.choice([text, text, *COLUMN_TYPES, anything])
            makes[name], types[name] = make, COLUMN_TYPES.get(make)
            (choices if number and source.random() < 0.3 else items)[name] = column
        lines = [
            {"id": f"order {order}", "who": "cust-1", "when": "1700000000"}
            | {name: _cell(source, makes[name], order if name in choices else None) for name in makes}
            for order in range(150)
            for _ in range(source.choice([1, 2, 3, 6]))
        ]
        kind = events(group_by="id", items=items)
        on_bad_value = source.choice(["reject", "drop"])
        plain = PlainOrders(kind, choices, tuple(types), on_bad_value=on_bad_value)
        plain.validate([(lines, set())])
        found = encode(kind, choices, blocks_of([(lines, set())], [97, 200], types), on_bad_value)
        assert found == (plain.records, plain.outcomes, plain.dropped), f"seed {seed}"
        accepted += sum(outcome is Outcome.ACCEPTED for outcome in plain.outcomes.values())
        rows += len(lines)
    assert 0.1 < accepted / rows < 0.9
    # The test would prove nothing if every order went through the models anyway.
    assert read < 0.9 * rows, read / rows


def _cell(source: random.Random, make: Any, order: int | None) -> Any:
    """Make a cell; those of an order are mostly the same on its lines."""
    if order is None:
        return make(source) if source.random() < 0.1 else make(random.Random(source.randrange(3)))
    return make(source) if source.random() < 0.02 else make(random.Random(order))
