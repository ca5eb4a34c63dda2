"""Values of any class become one of the few plain types, or a value that makes its row invalid."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections import OrderedDict, namedtuple
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from airflow_provider_clevertap.loading.rows.plain.values import MAX_DEPTH, plain_value, plain_values
from airflow_provider_clevertap.records.unreadable import UnreadableValue


class Word(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Tier(enum.IntEnum):
    GOLD = 3


class Colour(enum.Enum):
    RED = "red"


class Hostile:
    """Nothing works with its objects."""

    def _fail(self, *_: Any) -> Any:
        raise RuntimeError("no")

    __eq__ = __hash__ = __bool__ = __repr__ = __str__ = __len__ = _fail  # type: ignore[assignment]


class Zone(dt.tzinfo):
    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        if moment is not None and moment.year > 2000:
            raise LookupError("no rules for this year")
        return dt.timedelta(hours=2)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Word("a"), "a"),
        (np.str_("a"), "a"),
        (Tier.GOLD, 3),
        (np.int64(5), 5),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.float64(1.5), 1.5),
        (np.longdouble(1.5), 1.5),
        (np.float32(0.1), 0.1),
        (np.float16(0.1), 0.1),
        (np.array([[0.1, 1e10]], np.float32), [[0.1, 1e10]]),
        (type("Money", (Decimal,), {})("1.50"), Decimal("1.50")),
        (np.datetime64("2024-01-02T03:04:05", "ns"), dt.datetime(2024, 1, 2, 3, 4, 5)),
        (np.datetime64("2024-01-02"), dt.datetime(2024, 1, 2)),
        (np.datetime64("NaT"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2024-10-27 01:30", tz="UTC").tz_convert("Europe/London"),
         dt.datetime(2024, 10, 27, 1, 30, tzinfo=ZoneInfo("Europe/London"), fold=1)),
        (dt.datetime(2000, 1, 1, tzinfo=Zone()), dt.datetime(1999, 12, 31, 22, tzinfo=dt.UTC)),
        (uuid.UUID(int=7), str(uuid.UUID(int=7))),
        (memoryview(b"a"), b"a"),
        (OrderedDict(a=np.int64(1)), {"a": 1}),
        ([1, np.float32(1.5), [Word("a")]], [1, 1.5, ["a"]]),
        (np.array([["a"], ["b"]]), [["a"], ["b"]]),
        (np.array(["2024-01-02"], "datetime64[ns]"), [dt.datetime(2024, 1, 2)]),
        (("a", "b"), ("a", "b")),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_has_a_plain_form_gets_it(value: Any, plain: Any) -> None:
    found = plain_value(value)
    assert found == plain
    assert type(found) is type(plain)
    assert getattr(found, "fold", 0) == getattr(plain, "fold", 0)


@pytest.mark.parametrize(
    ("value", "reason", "text"),
    [
        (dt.timedelta(1), "span of time", "1 day, 0:00:00"),
        (np.timedelta64(1, "D"), "span of time", "1 days"),
        (namedtuple("Place", "city zip")("Paris", "75001"), "composite", "Place['Paris', '75001']"),
        ({("a",): 1}, "composite", "dict{tuple['a']: 1}"),
        (np.datetime64(2**62, "s"), "after 9999", "146138514283-06-19T07:45:04"),
        (np.datetime64(-62_135_596_801, "s"), "before the year 1", "0000-12-31T23:59:59"),
        (10**5000, "thousands of digits", hex(10**5000)),
        ({3, 1}, "type set", "set{1, 3}"),
        (5 + 1j, "type complex", "(5+1j)"),
        (Colour.RED, "type Colour", None),
        (pd.Interval(0, 1), "type Interval", "Interval(0, 1, closed='right')"),
        (Hostile(), "type Hostile", "(Hostile)"),
        (dt.datetime(2024, 1, 1, tzinfo=Zone()), "type datetime", "(datetime)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_none_is_unreadable(value: Any, reason: str, text: str | None) -> None:
    found = plain_value(value)
    assert isinstance(found, UnreadableValue), found
    assert reason in found.reason
    assert text is None or found.text == text
    assert found.text not in repr(found)


def test_values_inside_themselves_and_deep_ones() -> None:
    endless: list[Any] = []
    endless.append(endless)
    found, depth = plain_value(endless), 0
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert depth == MAX_DEPTH
    assert "levels deep" in found.reason


def test_plain_values_are_not_copied() -> None:
    values = ["a", 1.5, None, Decimal(1), dt.date(2024, 1, 2)]
    assert plain_values(values) is values
