"""Of several rows with one key only the last is sent; the others are skipped, with the reason."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import StorageUnavailableError
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.whole_source import last_rows, stored_blocks
from airflow_provider_clevertap.loading.encoding.whole_source.last_rows import LastRowEncoder
from airflow_provider_clevertap.loading.encoding.whole_source.stored_blocks import StoredBlocks
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.record_kinds import SUBSCRIPTIONS
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from tests.support.encoded import records

COLUMNS = {name: Column(name) for name in ("type", "value", "status")}
CELLS = st.tuples(
    st.sampled_from(["email", "EMAIL", "phone", "push", None]),
    st.sampled_from(["a@b.co", " a@b.co", "A@b.co", "+919812345678", "98123 45678", None]),
    st.sampled_from(["Unsubscribe", "resubscribe", "gone", None]),
)


def block_of(rows: list[tuple[Any, Any, Any]], first_row: int = 1, file: str = "people.csv") -> RowBlock:
    cells = zip(*rows, strict=True) if rows else [(), (), ()]
    columns = {name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, cells, strict=True)}
    return RowBlock(file, first_row, tuple(columns), columns)


def encoder(*, many_files: bool = False) -> LastRowEncoder:
    rows = Encoder(SUBSCRIPTIONS, COLUMNS, default_country="IN")
    return LastRowEncoder(rows, SUBSCRIPTIONS.last_wins, many_files=many_files)


def encode(*blocks: RowBlock) -> list[EncodedBlock]:
    return list(encoder().encode_all(blocks))


@given(st.lists(CELLS, max_size=40), st.integers(1, 15), st.sampled_from([1, 3, 1 << 20]))
def test_the_last_valid_row_of_each_key_is_sent(
    rows: list[tuple[Any, Any, Any]], size: int, sorted_at_once: int
) -> None:
    whole = block_of(rows)
    blocks = [slicing.slice_block(whole, start, start + size) for start in range(0, len(rows), size)] or [whole]
    plain = [Encoder(SUBSCRIPTIONS, COLUMNS, default_country="IN").encode(block) for block in blocks]
    last = {
        (record["type"], record["value"]): encoded.block.first_row + row
        for encoded in plain
        for row, record in records(encoded).items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(last_rows, "MAX_SORTED", sorted_at_once)
        patch.setattr(last_rows, "READ_AT_ONCE", 7)
        encoded_blocks = encode(*blocks)
    for before, after in zip(plain, encoded_blocks, strict=True):
        assert after.block.rows(range(len(after.block))) == before.block.rows(range(len(before.block)))
        assert set(after.rows.tolist()).isdisjoint(after.unsent)
        assert {*after.rows.tolist(), *after.unsent} == {*range(len(after.block))}
        for row, record in records(before).items():
            winner = last[record["type"], record["value"]]
            if winner == before.block.first_row + row:
                assert records(after)[row] == record
            else:
                assert after.unsent[row].outcome is Outcome.SKIPPED
                assert after.unsent[row].reason == (
                    f"row {winner} has the same type and value, and the last such row is sent"
                )
        assert {row: after.unsent[row] for row in before.unsent} == before.unsent


def test_the_log_names_rows_and_files_but_no_value() -> None:
    first = block_of([("email", f"{number}@b.co", "Unsubscribe") for number in range(12)], file="a.csv")
    second = block_of([("email", f"{number}@b.co", "Resubscribe") for number in range(12)], 1_001, "b.csv")
    made = encoder(many_files=True)
    encoded = made.encode_all([first, second])
    next(encoded)
    (note,) = made.new_notes()
    assert note.startswith("Rows that a later row with the same type and value replaces: 12 ")
    assert "(row 1 of a.csv by row 1,001 of b.csv, row 2 of a.csv by row 1,002 of b.csv, " in note
    assert "row 10 of a.csv by row 1,010 of b.csv, and 2 more)" in note
    assert "@" not in note
    assert made.share_returned() == 0.5
    next(encoded)
    assert made.new_notes() == []
    assert made.share_returned() == 1.0


def test_unnamed_columns_and_notes_are_those_of_the_rows() -> None:
    rows = Encoder(SUBSCRIPTIONS, {**COLUMNS, "gone": None}, fixed=False)
    made = LastRowEncoder(rows, SUBSCRIPTIONS.last_wins, many_files=False)
    block = block_of([("email", "a@b.co", "Unsubscribe")])
    list(made.encode_all([block]))
    assert made.unused_columns() == ["gone"]
    assert made.new_notes() == []


def test_a_source_without_rows_stays_one() -> None:
    (encoded,) = encode(block_of([]))
    assert len(encoded.block) == len(encoded.rows) == 0


def test_blocks_are_the_same_after_the_file() -> None:
    columns = {
        "type": pa.array(["", "email", "x"]).slice(1, 1),
        "value": pa.array(["a@b.co"]),
        "status": pa.array(["Unsubscribe"]),
        "list": pa.array([["a", None]]),
        "none": pa.nulls(1),
    }
    objects: dict[str, list[Any]] = {"any": [{"a": [1, 2.5, True, None]}], "text": ["\ud800"], "number": [10**400]}
    names = (*columns, *objects)
    block = RowBlock("people.csv", 7, names, columns, objects, {0: RowError("too many cells", "type")})
    before = Encoder(SUBSCRIPTIONS, COLUMNS).encode(block)
    with StoredBlocks() as stored:
        stored.append(before)
        (after,) = stored.read()
    for name, column in columns.items():
        assert after.block.columns[name].equals(column)
    assert after.block.objects == objects
    assert after.block.row_errors == block.row_errors
    assert (after.block.names, after.block.file, after.block.first_row) == (names, "people.csv", 7)
    assert after.records.equals(before.records)
    assert np.array_equal(after.rows, before.rows)
    assert (after.unsent, after.dropped, after.columns_by_code) == (before.unsent, before.dropped, {})


@pytest.mark.parametrize("name", ["rejects.csv", "rejects.jsonl"])
def test_other_values_are_in_the_rejects_file_as_without_the_file(tmp_path: Path, name: str) -> None:
    values = [
        Decimal("1.50"), UUID(int=7), date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, tzinfo=UTC), time(5, 6), b"bytes",
        (1, "a"), [Decimal(2), {"d": date(2026, 1, 2)}], {1: 2}, 5 + 1j, float("nan"), float("-inf"), True, "=1+1",
    ]  # fmt: skip
    cells = pa.array([None] * len(values), pa.string())
    block = RowBlock("f", 1, ("type", "any"), {"type": cells}, {"any": values})
    columns = {**COLUMNS, "any": None}
    before = Encoder(SUBSCRIPTIONS, columns, fixed=False).encode(block)
    with StoredBlocks() as stored:
        stored.append(before)
        (after,) = stored.read()
    texts = []
    for number, encoded in enumerate((before, after)):
        rejects = RejectsFile(tmp_path / str(number) / name)
        rejects.write(encoded.block, dict.fromkeys(range(len(values)), RowOutcome(Outcome.INVALID)))
        rejects.publish()
        texts.append((tmp_path / str(number) / name).read_text())
    assert texts[0] == texts[1]


def test_a_value_that_has_no_text_does_not_stop_the_load() -> None:
    within_itself: list[Any] = []
    within_itself.append(within_itself)
    values = [10**5000, {(1, 2): 3}, within_itself]
    block = RowBlock("f", 1, ("any",), {}, {"any": values})
    with StoredBlocks() as stored:
        stored.append(Encoder(SUBSCRIPTIONS, {"any": None}, fixed=False).encode(block))
        (after,) = stored.read()
    assert after.block.objects["any"] == ["(int)", "(dict)", "(list)"]


def test_rows_without_columns_are_counted_after_the_file() -> None:
    block = RowBlock("people.jsonl", 1, (), {}, {}, {}, row_count=4)
    with StoredBlocks() as stored:
        stored.append(Encoder(SUBSCRIPTIONS, {}, fixed=False).encode(block))
        (after,) = stored.read()
    assert len(after.block) == 4
    assert len(after.unsent) == 4


def test_a_slice_is_not_stored_as_the_array_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_blocks, "MAX_IN_MEMORY", 0)
    whole = block_of([("email", f"{number}@b.co", "Unsubscribe") for number in range(50_000)])
    part = slicing.slice_block(whole, 100, 110)
    with StoredBlocks() as stored:
        stored.append(Encoder(SUBSCRIPTIONS, COLUMNS).encode(part))
        assert stored._file.tell() < 20_000


def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_blocks, "MAX_IN_MEMORY", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with StoredBlocks() as stored:
        stored.append(Encoder(SUBSCRIPTIONS, COLUMNS).encode(block_of([("email", "a@b.co", "Unsubscribe")])))
        file = os.fstat(stored._file.fileno())
        assert file.st_nlink == 0
        assert file.st_mode & 0o077 == 0
        assert list(tmp_path.iterdir()) == []
        assert [len(encoded.rows) for encoded in stored.read()] == [1]


def test_a_full_disk_is_an_error_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with StoredBlocks() as stored:
        monkeypatch.setattr(stored._file, "write", write)
        with pytest.raises(StorageUnavailableError, match=r"the temporary directory .* failed: No space"):
            stored.append(Encoder(SUBSCRIPTIONS, COLUMNS).encode(block_of([("email", "a@b.co", "Unsubscribe")])))


def test_the_file_is_closed_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[StoredBlocks] = []
    enter = StoredBlocks.__enter__

    def recording(stored: StoredBlocks) -> StoredBlocks:
        opened.append(stored)
        return enter(stored)

    monkeypatch.setattr(StoredBlocks, "__enter__", recording)
    block = block_of([("email", "a@b.co", "Unsubscribe")])

    def failing(blocks: Iterable[RowBlock]) -> Iterator[RowBlock]:
        yield from blocks
        raise LookupError

    with pytest.raises(LookupError):
        list(encoder().encode_all(failing([block])))
    unfinished = encoder().encode_all([block, block])
    next(unfinished)
    unfinished.close()  # type: ignore[attr-defined]
    assert [stored._file.closed for stored in opened] == [True, True]
