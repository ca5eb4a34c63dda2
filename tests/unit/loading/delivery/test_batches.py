"""Records are batched by count and by bytes; none is lost and the order is kept."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.delivery.batches import Batch, Batcher
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.rows.block import RowBlock

MEGABYTE = 1_000_000


def encoded(identities: list[str | None], first_row: int = 1, *, name: str = "n") -> EncodedBlock:
    columns = {"id": pa.array(identities, pa.string()), name: pa.array(["x"] * len(identities), pa.string())}
    block = RowBlock("people.csv", first_row, tuple(columns), columns)
    return Encoder(PROFILES, {"id": Column("identity")}).encode(block)


def batches_of(batcher: Batcher, *blocks: EncodedBlock) -> list[Batch]:
    return [batch for block in blocks for batch in batcher.add(block)] + list(batcher.finish())


def identities(batch: Batch) -> list[str]:
    return [record["identity"] for record in json.loads(batch.body())["d"]]


def test_batches_are_full_and_span_blocks() -> None:
    first = encoded([f"a{n}" for n in range(700)])
    second = encoded([f"b{n}" for n in range(700)], first_row=701)
    batches = batches_of(Batcher(1000, 4 * MEGABYTE), first, second)
    assert [len(batch) for batch in batches] == [1000, 400]
    assert [batch.number for batch in batches] == [1, 2]
    assert identities(batches[0]) == [f"a{n}" for n in range(700)] + [f"b{n}" for n in range(300)]
    assert identities(batches[1]) == [f"b{n}" for n in range(300, 700)]


def test_rows_without_a_record_are_left_out_and_records_still_find_their_row() -> None:
    block = encoded(["a", None, "null", "d"])
    (batch,) = batches_of(Batcher(1000, MEGABYTE), block)
    assert identities(batch) == ["a", "d"]
    assert batch.locate(1) == (block, 3)


def test_a_batch_stays_below_its_bytes() -> None:
    block = encoded([f"cust-{n:05}" for n in range(500)])
    batches = batches_of(Batcher(1000, 2_000), block)
    assert len(batches) > 10
    assert all(len(batch.body()) <= 2_000 for batch in batches)
    assert [name for batch in batches for name in identities(batch)] == [f"cust-{n:05}" for n in range(500)]


def test_one_record_larger_than_the_limit_is_a_batch_alone() -> None:
    block = encoded(["a", "b" * 900, "c"])
    batches = batches_of(Batcher(1000, 300), block)
    assert [identities(batch) for batch in batches] == [["a"], ["b" * 900], ["c"]]


def test_some_records_of_a_batch_can_be_selected() -> None:
    first, second = encoded(["a", "b", "c"]), encoded(["d", "e"], first_row=4)
    (batch,) = batches_of(Batcher(1000, MEGABYTE), first, second)
    part = batch.select(np.array([0, 2, 4]))
    assert identities(part) == ["a", "c", "e"]
    assert part.locate(2) == (second, 1)
    assert identities(part.select(np.array([2]))) == ["e"]


def test_no_records_make_no_batch() -> None:
    assert batches_of(Batcher(1000, MEGABYTE), encoded([None, None])) == []


@given(
    sizes=st.lists(st.integers(0, 40), max_size=6),
    max_records=st.integers(1, 50),
    bytes_per_batch=st.integers(60, 4_000),
)
def test_every_record_is_in_one_batch_and_in_order(sizes: list[int], max_records: int, bytes_per_batch: int) -> None:
    names = [[f"{block}-{row}" + "é" * (row % 7) for row in range(size)] for block, size in enumerate(sizes)]
    batches = batches_of(Batcher(max_records, bytes_per_batch), *(encoded(list(block)) for block in names))
    assert [name for batch in batches for name in identities(batch)] == [name for block in names for name in block]
    assert all(len(batch) <= max_records for batch in batches)
    assert all(len(batch.body()) <= bytes_per_batch or len(batch) == 1 for batch in batches)
