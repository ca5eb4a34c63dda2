"""Text for fingerprints: the same in every process, another one for another value."""

from __future__ import annotations

import enum
import json
import os
import subprocess
import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.loading.sources.sql.query import Database
from airflow_provider_clevertap.sources import FrameSource, SqlSource
from tests.support.paths import ROOT


class Plain:
    """Python shows where in memory it is, and nothing else."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside


class Zone(tzinfo):
    """A zone whose text has an address, as a moment in it has."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)


@dataclass
class Described:
    """Its text has a set in it."""

    tags: set[str] = field(default_factory=set)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


WORDS = [f"word-{number}" for number in range(20)]


def values() -> list[Any]:
    """Make values no two of which are equal."""
    return [
        set(WORDS), frozenset(WORDS), set(WORDS[1:]), WORDS, tuple(WORDS), {"a": set(WORDS)},
        dict.fromkeys(set(WORDS), 1), [set(WORDS), {1, 2}], {1: {frozenset(WORDS): [set(WORDS)]}},
        Plain(set(WORDS)), Plain([Plain(1)]), Plain(2), Described(set(WORDS)), Described(), OrderedDict(a={"b", "c"}),
        np.array([1, 2]), np.array(["a", set(WORDS)], object), np.float32(1.5), np.datetime64("2026-01-01"),
        np.longdouble("1.25"), np.longdouble("2.25"), Decimal("1.10"), Decimal("1.1"),
        datetime(2026, 1, 1, tzinfo=Zone()), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))), UUID(int=5), Colour.RED, Colour.BLUE, b"a", "a", "b",
        1, 1.0, True, None, "1", [1], [[1]], (), [], {}, set(), "\udc80", pd.Interval(0, 1),
        pd.Timestamp("2026-01-01"), values, Plain,
    ]  # fmt: skip


def fingerprints() -> list[Any]:
    """Give what fingerprints are made of: values, frames with such cells, and queries with such parameters."""
    cells = [set(WORDS), {"a": {"b", "c", "d"}}, Plain({"x", "y"}), [frozenset(WORDS)], "text", 5, None]
    frame = pd.DataFrame({"id": [str(number) for number in range(len(cells))], "odd": cells})
    query = SqlSource("db", "SELECT 1", parameters={"ids": set(WORDS), "of": Plain(1)}, resumable=True)
    opened = [open_source(frame), open_source(FrameSource([frame, frame]))]
    opened.append(open_source(query, databases=lambda _: Database(connect=lambda: None)))
    return [*map(stable_text, values()), *(source.fingerprint() for source in opened)]


def test_values_that_differ_have_texts_that_differ() -> None:
    for (first, one), (second, other) in combinations(enumerate(values()), 2):
        assert stable_text(one) != stable_text(other), (first, second, one, other)


def test_what_has_itself_in_it_has_an_end() -> None:
    endless: list[Any] = [1, {"a": Plain(2)}]
    endless += [endless, endless]
    assert stable_text(endless)


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_what_cannot_be_written_is_its_type() -> None:
    place = namedtuple("place", "city zip")
    assert stable_text([1, Mute()]) == "list[1, (Mute)]"
    assert stable_text(place(Mute(), None)) == "place[(Mute), None]"
    query = SqlSource("db", "SELECT 1", parameters={"a": Mute()}, resumable=True)
    assert open_source(query, databases=lambda _: Database(connect=lambda: None)).fingerprint()


def test_the_order_of_keys_says_nothing() -> None:
    assert stable_text({"a": 1, "b": [2]}) == stable_text({"b": [2], "a": 1})


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    found = []
    for seed in ("0", "1", "4242"):
        finished = subprocess.run(
            [sys.executable, "-c", "from tests.unit.loading.rows import test_stable_text as t; import json; "
             "padding = [object() for _ in range(int(__import__('os').environ['PYTHONHASHSEED']))]; "
             "print(json.dumps(t.fingerprints()))"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
        found.append(json.loads(finished.stdout))
    assert found[0] == found[1] == found[2] == fingerprints()
