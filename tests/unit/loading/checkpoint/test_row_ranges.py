"""Row ranges behave as a set of ordinals."""

from __future__ import annotations

import itertools
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.checkpoint.row_ranges import RowRanges

SPANS = st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 40)), max_size=25)


def built(steps: list[tuple[bool, int, int]]) -> tuple[RowRanges, set[int]]:
    ranges, plain = RowRanges(), set[int]()
    for adds, start, stop in steps:
        if adds:
            ranges.add(start, stop)
            plain |= set(range(start, stop))
        else:
            ranges.remove(start, stop)
            plain -= set(range(start, stop))
    return ranges, plain


def members(ranges: RowRanges) -> set[int]:
    return {ordinal for start, stop in ranges for ordinal in range(start, stop)}


@given(SPANS)
def test_ranges_are_the_set_they_stand_for(steps: list[tuple[bool, int, int]]) -> None:
    ranges, plain = built(steps)
    assert members(ranges) == plain
    assert len(ranges) == len(plain)
    assert bool(ranges) == bool(plain)
    everything = np.arange(42)
    assert ranges.contains(everything).tolist() == [ordinal in plain for ordinal in everything]
    assert ranges.leading == next(ordinal for ordinal in range(42) if ordinal not in plain)


@given(SPANS)
def test_ranges_neither_overlap_nor_touch(steps: list[tuple[bool, int, int]]) -> None:
    ranges = list(built(steps)[0])
    assert all(start < stop for start, stop in ranges)
    assert all(stop < start for (_, stop), (start, _) in itertools.pairwise(ranges))


@given(SPANS, SPANS, st.integers(0, 40), st.integers(0, 40))
def test_ranges_of_two_sets(
    steps: list[tuple[bool, int, int]], other_steps: list[tuple[bool, int, int]], start: int, stop: int
) -> None:
    (one, plain), (other, other_plain) = built(steps), built(other_steps)
    assert members(one.without(other)) == plain - other_plain
    assert members(one.within(start, stop)) == plain & set(range(start, stop))
    assert members(one) == plain
    one.update(other)
    assert members(one) == plain | other_plain


@given(SPANS)
def test_ranges_survive_json(steps: list[tuple[bool, int, int]]) -> None:
    ranges, plain = built(steps)
    assert members(RowRanges(json.loads(json.dumps(ranges.to_list())))) == plain
