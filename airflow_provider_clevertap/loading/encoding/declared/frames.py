"""Find what stands around the digits of a column's numbers: signs, currencies, per cent signs and brackets.

A column has few of them, although there are many ways to write a number. They are found in a sample of the cells, and
what they mean is asked of the models' own reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, as_mask
from airflow_provider_clevertap.records.written.numbers import NumberStyle

#: The models decide a column's cells with other frames.
_MAX_FRAMES: Final = 24
_MAX_REFUSED: Final = 1000
_MAX_CHARACTERS: Final = 32
#: Cells in which frames are looked for.
_SAMPLE: Final = 64
_AROUND_DIGITS: Final = re.compile(r"([^0-9]*)(?:.*[0-9])?([^0-9]*)", re.DOTALL)


class Frame(NamedTuple):
    """What stands around the digits of a number.

    :param before: the text before them.
    :param after: the text after them.
    :param negative: it makes the number negative.
    :param percent: it has a per cent sign.
    """

    before: str
    after: str
    negative: bool
    percent: bool

    def encloses(self, column: Any, around: NDArray[np.int32]) -> Mask:
        """Mark the cells that consist of this frame and a number between it.

        :param column: the cells.
        :param around: how many bytes of each cell are around its number.
        """
        found: Mask = around == len(self.before.encode()) + len(self.after.encode())
        if not found.any():
            return found
        if self.before:
            found &= as_mask(pc.starts_with(column, self.before))
        if self.after:
            found &= as_mask(pc.ends_with(column, self.after))
        return found


class Frames:
    """The frames of a column that were found so far.

    :param style: how its numbers are written.
    """

    def __init__(self, style: NumberStyle) -> None:
        self._style = style
        self._found: dict[tuple[str, str], Frame] = {}
        self._refused: set[tuple[str, str]] = set()

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._found.values())

    @property
    def characters(self) -> str:
        """Return the characters of all frames."""
        return "".join({character for frame in self for character in frame.before + frame.after})

    @property
    def only_hyphens(self) -> bool:
        """Return whether there is nothing but a hyphen before some of the numbers."""
        return self._found.keys() <= {("", ""), ("-", "")}

    def find_in(self, column: Any, cells: Mask) -> bool:
        """Find more frames in some of a column's cells; return whether there are any.

        :param cells: marks them.
        """
        rows = np.flatnonzero(cells)
        sample = column.take(array_from_numpy(rows[:: max(1, len(rows) // _SAMPLE)])).to_pylist()
        around = Counter(match.groups() for match in map(_AROUND_DIGITS.fullmatch, sample) if match is not None)
        for before, after in around.keys() & (self._refused | self._found.keys()):
            del around[before, after]
        found = len(self._found)
        for (before, after), _ in around.most_common():
            frame = self._read(before, after)
            if frame is None and len(self._refused) < _MAX_REFUSED:
                self._refused.add((before, after))
            elif frame is not None and len(self._found) < _MAX_FRAMES:
                self._found[before, after] = frame
        return len(self._found) > found

    def _read(self, before: str, after: str) -> Frame | None:
        """Return a frame that suits numbers with decimals and without; ``None`` for any other."""
        if len(before) + len(after) > _MAX_CHARACTERS:
            return None
        whole = self._style.plain(f"{before}1{after}")
        decimal = self._style.plain(f"{before}1{self._style.decimal}5{after}")
        meanings = {("1", "1.5"): (False, False), ("0.01", "0.015"): (False, True)}
        meanings |= {("-1", "-1.5"): (True, False), ("-0.01", "-0.015"): (True, True)}
        meaning = meanings.get((whole or "", decimal or ""))
        return None if meaning is None else Frame(before, after, *meaning)
