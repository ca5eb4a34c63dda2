"""No error of another library leaves a load: values that cannot be converted are a final error with rows and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.api.extensions import ExtensionArray, ExtensionDtype

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind, events, subscriptions
from airflow_provider_clevertap.loading.rows.block import RowBlock, Source
from airflow_provider_clevertap.loading.sources.open import open_source

IDENTITY = {"id": "identity", "x": "Tier"}


def run(source: Source, columns: dict[str, Any] = IDENTITY, kind: RecordKind = PROFILES) -> None:
    Load(kind, source, None, LoadOptions(columns=columns, dry_run="local", max_rejects="100%")).run()


class FailingType(ExtensionDtype):
    name = "failing"
    type = str

    @classmethod
    def construct_array_type(cls) -> Any:
        return FailingArray


class FailingArray(ExtensionArray):
    """A column of a DataFrame whose library fails."""

    dtype = FailingType()

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, item: Any) -> Any:
        return FailingArray(len(range(self._size)[item])) if isinstance(item, slice) else "private-value"

    def __arrow_array__(self, type: Any = None) -> Any:
        raise RuntimeError("cannot convert private-value")

    def copy(self) -> Any:
        return self

    isna = to_numpy = __arrow_array__


class BrokenSource:
    """A source that breaks the contract of blocks: Python cannot represent a value of its second one."""

    fixed_columns, nested, many_files, name = True, False, False, "broken"

    def __init__(self, value: Any) -> None:
        self._value = value

    def blocks(self) -> Iterator[RowBlock]:
        yield block_of(1, pa.array(["a"]))
        yield block_of(2, self._value)

    def fingerprint(self) -> None:
        return None

    def is_large(self) -> bool:
        return False

    def progress(self) -> None:
        return None


def block_of(first_row: int, value: Any) -> RowBlock:
    columns = {"id": pa.array([f"c{first_row}"] * len(value)), "x": value}
    return RowBlock("people.odd", first_row, tuple(columns), columns)


BROKEN = pa.array([4_611_686_018_427_387_904] * 2).view(pa.timestamp("s"))


@pytest.mark.parametrize(
    ("kind", "columns", "values"),
    [
        (PROFILES, {"id": "identity", "x": "Gender"}, "the values of column 'x'"),
        (events(group_by="x", items=["id"], timestamp="now"), {"x": "identity"}, "the values"),
        (events(group_by="id", items={"x": Column(type="text")}, timestamp="now"), {"id": "identity"}, "the values"),
        (subscriptions(channel="email"), {"id": "value", "x": "status"}, "the values of column 'x'"),
    ],
    ids=lambda value: value.name if isinstance(value, RecordKind) else None,
)
def test_the_message_names_the_rows_and_the_column(kind: RecordKind, columns: dict[str, Any], values: str) -> None:
    with pytest.raises(SourceError) as caught:
        run(BrokenSource(BROKEN), columns, kind)
    message = str(caught.value)
    assert re.match(rf"people\.odd: rows 2 to 3: {values} cannot be converted \(\w+ in loading", message)
    assert "4611686018427387904" not in message
    assert caught.value.__suppress_context__


def test_errors_while_a_source_is_converted() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "x": FailingArray(2)})
    for source in (frame, [frame], iter([frame])):
        with pytest.raises(SourceError, match=r"^from row 1 on: the values of column 'x' cannot.*RuntimeError in"):
            run(open_source(source))


def test_a_panic_of_polars_is_an_error_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any, *others: Any) -> Any:
        raise pl.exceptions.PanicException("private-value")

    frame = pl.DataFrame({"id": ["a"]})
    monkeypatch.setattr(pl.DataFrame, "get_column", fail)
    with pytest.raises(SourceError, match="the values of column 'id' cannot be converted") as caught:
        run(open_source(frame))
    assert "private-value" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), OSError(5, "input/output error"), ConnectionResetError(), KeyboardInterrupt(), SystemExit()],
    ids=repr,
)
def test_errors_that_may_pass_stay_what_they_are(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any, type: Any = None) -> Any:
        raise error

    monkeypatch.setattr(FailingArray, "__arrow_array__", fail)
    with pytest.raises(type(error)) as caught:
        run(open_source(pd.DataFrame({"id": ["a", "b"], "x": FailingArray(2)})))
    assert caught.value is error


@pytest.mark.parametrize(
    "kind", [PROFILES, subscriptions(channel="email", status="Unsubscribe")], ids=lambda kind: kind.name
)
def test_an_error_of_the_users_own_generator_stays_what_it_is(kind: RecordKind) -> None:
    cause = ValueError("of the user")
    error = KeyError("of the user")

    def frames() -> Iterator[Any]:
        yield pa.table({"id": ["a@b.co"], "x": ["b"]})
        raise error from cause

    columns = {"id": "identity" if kind is PROFILES else "value", "x": "Tier" if kind is PROFILES else None}
    with pytest.raises(KeyError) as caught:
        run(open_source(frames()), columns, kind)
    assert caught.value is error
    assert caught.value.__cause__ is cause


def test_every_row_before_the_error_is_settled() -> None:
    load = Load(
        PROFILES, BrokenSource(BROKEN), None, LoadOptions(columns={"id": "identity", "x": "Gender"}, dry_run="local")
    )
    with pytest.raises(SourceError):
        load.run()
    assert load.summary.rows == 1
