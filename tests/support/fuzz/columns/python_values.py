"""Python values of every kind, as DataFrames of objects and database drivers have them."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.support.hostile_values import HOSTILE_TEXT


class _Word(str):
    __slots__ = ()


class _Colour(Enum):
    RED = "red"


class _Level(IntEnum):
    HIGH = 3


class _NoRules(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        raise LookupError("no rules")


class _Failing:
    """An object with which nothing works."""

    def _fail(self, *_: Any) -> Any:
        raise RuntimeError("no")

    __eq__ = __hash__ = __bool__ = __repr__ = __str__ = __len__ = __iter__ = _fail  # type: ignore[assignment]


_ENDLESS: list[Any] = []
_ENDLESS.append(_ENDLESS)
_PLACE = namedtuple("_PLACE", "city zip")
SCALARS: list[Any] = [
    None, "", "a", "\ud800", "caf\udce9", 0, 1, -1, 2**63, 10**30, 10**5000, True, 1.5, float("nan"), float("inf"),
    Decimal("1.50"), Decimal("NaN"), Decimal("sNaN"), Decimal("1E+400"), Decimal("-Infinity"), date(2024, 1, 2),
    date.max, datetime.min, datetime.max, datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), datetime(2024, 1, 1, tzinfo=_NoRules()), time(1),
    time(1, tzinfo=UTC), time(1, tzinfo=_NoRules()), timedelta(1), b"caf\xe9", bytearray(b"a"), memoryview(b"a"),
    UUID(int=7), {1}, frozenset(), 5 + 1j, object(), _Word("a"), _Colour.RED, _Level.HIGH, _Failing(), _Failing,
    _PLACE("a", 1), _PLACE(_Failing(), None), _ENDLESS, pd.NA, pd.NaT, range(3), map,
    pd.Timestamp(1_729_992_600, unit="s", tz="Europe/London"), pd.Timestamp(1, unit="ns"), pd.Timedelta(1),
    pd.Interval(0, 1), pd.Period("2024-01"),
    pd.Timestamp.max, np.int8(5), np.uint64(2**64 - 1), np.float16(1.5), np.longdouble(1) / 3,
    np.datetime64("2024-01-01", "ns"), np.datetime64(2**62, "s"), np.datetime64("NaT"), np.timedelta64(1, "ns"),
    np.str_("a"), np.bytes_(b"a"), np.bool_(True), np.array(5), np.array([1, None], object), np.zeros((2, 0)),
    np.array(["2024-01-01"], "datetime64[ns]"), np.ma.masked_array([1, 2], [True, False]), OrderedDict(a=1), {1: 2},
    {("a",): 1}, {_Word("$incr"): np.int64(1)}, {None: 1}, {b"a": 1}, {"$add": ["a", _Failing()]}, [_PLACE("a", 1)],
    {"email": ["G"]}, [{"sku": "a", "n": np.int64(1)}], [{"sku": _Failing()}], ("a", "b"), (), [[]], {"$delete":
    True},
]  # fmt: skip
OBJECTS = st.recursive(
    st.integers(0, len(SCALARS) - 1).map(lambda number: SCALARS[number]) | st.sampled_from(HOSTILE_TEXT),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["$add", "a", "$incr"]), inner, max_size=2)
    ),
    max_leaves=5,
)
