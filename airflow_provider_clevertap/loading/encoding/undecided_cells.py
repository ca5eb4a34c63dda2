"""Cells that a screen leaves in doubt: the law is asked about each different one once, not about its whole row."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, blank_out, none_if_clear
from airflow_provider_clevertap.records.cell_validation import CellValidator, IssueKey

#: In the place of an objection's number: only the whole row can tell.
_UNSETTLED: Final = -1

#: A column has the same values again and again when its different ones are so few among all.
_REPEATING: Final = 0.75
_MOST_KEPT: Final = 50_000
_LONGEST_KEPT: Final = 64

#: A cell's text and the number of what the law has against it, by its column and the cell.
CachedResults: TypeAlias = dict[tuple[object, str], tuple[str | None, int]]


class UndecidedCells:
    """Settles the doubtful cells of one column.

    :param law: judges them.
    :param kept: verdicts for later blocks, of all columns together.
    """

    def __init__(self, law: CellValidator, kept: CachedResults) -> None:
        self._law = law
        self._kept = kept
        #: What the law has had against cells so far, with a number for each. A rule has few ways to say no.
        self._numbers: dict[IssueKey, int] = {}

    def settle(self, column: Any, screened: ConvertedColumn) -> ConvertedColumn:
        """Put in what the law makes of doubtful cells, and say what it has against the others.

        :param column: the cells as the source gave them: an Arrow array, or Python values.
        :param screened: what the column's screen made of them.
        :returns: the same, with those cells doubtful that the law cannot judge by themselves.
        """
        if screened.doubtful is None:
            return screened
        cells, places = _distinct(column, screened.doubtful)
        judge = self._recall if len(cells) < _REPEATING * len(places) else self._judge
        judged = [judge(cell, screened) for cell in cells]
        objections = np.zeros(len(column), np.int32)
        objections[screened.doubtful] = np.array([number for _, number in judged], np.int32)[places]
        unsettled = none_if_clear(objections == _UNSETTLED)
        if unsettled is not None:
            objections[unsettled] = 0
        texts = pa.array([text for text, _ in judged], pa.string())
        if texts.null_count == len(texts):
            text = blank_out(screened.text, screened.doubtful)
        else:
            text = pc.replace_with_mask(screened.text, pa.array(screened.doubtful), texts.take(pa.array(places)))
        return screened._replace(text=text, doubtful=unsettled, objections=objections if objections.any() else None)

    def _recall(self, cell: Any, screened: ConvertedColumn) -> tuple[str | None, int]:
        """Judge a cell of which there will be more in later blocks."""
        if not isinstance(cell, str) or len(cell) > _LONGEST_KEPT:
            return self._judge(cell, screened)
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        key = (self, cell)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._judge(cell, screened)
        return found

    def _judge(self, cell: Any, screened: ConvertedColumn) -> tuple[str | None, int]:
        """Give a cell's text, and the number of what the law has against it."""
        verdict = self._law.validate(cell)
        if verdict is None:
            return None, _UNSETTLED
        if verdict.issue_key is not None:
            return None, self._numbers.setdefault(verdict.issue_key, len(self._numbers) + 1)
        if verdict.value is None:
            return None, 0
        written = msgspec.json.encode(verdict.value).decode()
        text = written.removeprefix(screened.before).removesuffix(screened.after)
        # Text is only what stands between the two, and so the value must have both.
        whole = f"{screened.before}{text}{screened.after}" == written
        return (text, 0) if whole else (None, _UNSETTLED)


def _distinct(column: Any, doubtful: Mask) -> tuple[list[Any], NDArray[np.int64]]:
    """Give the different cells among those in doubt, and for each of these the place of its like."""
    if isinstance(column, list):
        cells = [column[place] for place in np.flatnonzero(doubtful)]
        return cells, np.arange(len(cells))
    found = column.filter(pa.array(doubtful))
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    if not pa.types.is_nested(found.type):
        encoded = found.dictionary_encode(null_encoding="encode")
        return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    cells = found.to_pylist()
    if not pa.types.is_list(found.type) or pa.types.is_nested(found.type.value_type):
        return cells, np.arange(len(cells))
    places: dict[tuple[Any, ...], int] = {}
    alike = [places.setdefault(tuple(cell), len(places)) for cell in cells]
    return list(places), np.array(alike, np.int64)
