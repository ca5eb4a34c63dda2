"""A set of row ordinals stored as ranges: small for any number of rows, as long as they are added mostly in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.rows.text_arrays import Mask


class RowRanges:
    """A set of ordinals, as half-open ranges that neither overlap nor touch.

    :param ranges: pairs of the first ordinal and the one after the last, in any order.
    """

    def __init__(self, ranges: Iterable[Iterable[int]] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in ranges:
            self.add(start, stop)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._stops, strict=True)

    def __len__(self) -> int:
        """Return the number of ordinals."""
        return sum(self._stops) - sum(self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def add(self, start: int, stop: int) -> None:
        """Add the ordinals from ``start`` up to, but not including, ``stop``."""
        if start >= stop:
            return
        first, last = bisect_left(self._stops, start), bisect_right(self._starts, stop)
        if first < last:
            start, stop = min(start, self._starts[first]), max(stop, self._stops[last - 1])
        self._starts[first:last], self._stops[first:last] = [start], [stop]

    def remove(self, start: int, stop: int) -> None:
        """Remove the ordinals from ``start`` up to, but not including, ``stop``."""
        first, last = bisect_right(self._stops, start), bisect_left(self._starts, stop)
        if start >= stop or first >= last:
            return
        parts = [(self._starts[first], start), (stop, self._stops[last - 1])]
        parts = [(begin, end) for begin, end in parts if begin < end]
        self._starts[first:last] = [begin for begin, _ in parts]
        self._stops[first:last] = [end for _, end in parts]

    def update(self, others: Iterable[tuple[int, int]]) -> None:
        """Add all ordinals of other ranges."""
        for start, stop in others:
            self.add(start, stop)

    def without(self, others: Iterable[tuple[int, int]]) -> RowRanges:
        """Return these ordinals without those of other ranges."""
        rest = RowRanges(self)
        for start, stop in others:
            rest.remove(start, stop)
        return rest

    def within(self, start: int, stop: int) -> RowRanges:
        """Return those of these ordinals that lie from ``start`` up to, but not including, ``stop``."""
        first, last = bisect_right(self._stops, start), bisect_left(self._starts, stop)
        overlapping = zip(self._starts[first:last], self._stops[first:last], strict=True)
        return RowRanges((max(begin, start), min(end, stop)) for begin, end in overlapping)

    def contains(self, ordinals: NDArray[np.int64]) -> Mask:
        """Return for each ordinal whether it is in the set."""
        if not self._starts:
            return np.zeros(len(ordinals), np.bool_)
        index = np.searchsorted(np.array(self._starts, np.int64), ordinals, side="right") - 1
        mask: Mask = (index >= 0) & (ordinals < np.array(self._stops, np.int64)[index])
        return mask

    @property
    def leading(self) -> int:
        """Number of ordinals from 0 on without a gap."""
        return self._stops[0] if self._starts and self._starts[0] == 0 else 0

    def to_list(self) -> list[list[int]]:
        """Return the ranges as a JSON value."""
        return [[start, stop] for start, stop in self]
