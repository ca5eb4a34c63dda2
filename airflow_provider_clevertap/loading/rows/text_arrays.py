"""Check and change whole columns of text, through the bytes in which Arrow stores them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, null_scalar, numpy_from_array, scalar
from airflow_provider_clevertap.records.texts.characters import BLANK

Mask: TypeAlias = NDArray[np.bool_]

_SPACE, _QUOTE, _BACKSLASH, _DELETE = 0x20, 0x22, 0x5C, 0x7F

#: Tables of kinds of bytes, to be indexed by a byte.
_CONTROL_OR_SPACE: Mask = np.arange(256) <= _SPACE
_ODD: Mask = _CONTROL_OR_SPACE | (np.arange(256) >= _DELETE)


def first_bytes(characters: Iterable[str]) -> Mask:
    """Return the table of the bytes with which characters begin in UTF-8."""
    table = np.zeros(256, np.bool_)
    table[[character.encode()[0] for character in characters]] = True
    return table


#: The first two bytes of blanks beyond ASCII.
_WIDE_BLANKS: Final = frozenset(tuple(character.encode()[:2]) for character in BLANK if not character.isascii())
_WIDE_BLANK_STARTS: Mask = first_bytes(character for character in BLANK if not character.isascii())

_FEW_CELLS: Final = 256
_SHORT_CELL: Final = 32

#: The characters that the models treat as blanks, for RE2.
_BLANKS = re.escape(BLANK)

#: JSON's short escapes of characters that are common in text; the backslash must come first.
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


class TextArray:
    """A column of text with access to its bytes.

    :param column: a ``string`` array; nulls are empty cells.
    """

    def __init__(self, column: Any) -> None:
        self.column = column
        offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        self._starts, self._stops = offsets[:-1], offsets[1:]
        self.lengths = self._stops - self._starts
        values = column.buffers()[2]
        size = int(offsets[-1] - offsets[0])
        self._bytes = np.frombuffer(values, np.uint8, size, int(offsets[0])) if size else np.empty(0, np.uint8)
        self._base = int(offsets[0])

    @property
    def data(self) -> NDArray[np.uint8]:
        """The bytes of all cells, one after the other."""
        return self._bytes

    def reduced(self, data: NDArray[np.uint8], kept: Mask) -> Any:
        """Return a column of the bytes that are kept of each cell.

        :param data: the bytes of all cells, some perhaps replaced by others.
        :param kept: marks the bytes that are kept.
        """
        lengths = np.zeros(len(self.column), np.int32)
        filled = self.lengths > 0
        if filled.any():
            lengths[filled] = np.add.reduceat(kept, self._starts[filled] - self._base, dtype=np.int32)
        offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
        return self._column_of(offsets, np.compress(kept, data))

    def with_data(self, data: NDArray[np.uint8]) -> Any:
        """Return a column of the same lengths with other bytes.

        :param data: the bytes of all cells.
        """
        return self._column_of(np.append(self._starts, self._stops[-1:]) - np.int32(self._base), data)

    def _column_of(self, offsets: NDArray[np.int32], data: NDArray[np.uint8]) -> Any:
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        column = pa.Array.from_buffers(pa.string(), len(self.column), buffers)
        if not self.column.null_count:
            return column
        return pc.if_else(self.column.is_valid(), column, null_scalar(pa.string()))

    def needs_escaping(self) -> bool:
        """Return whether any cell has a character that JSON must escape."""
        data = self._bytes
        return bool(len(data) and (data.min() < _SPACE or (data == _QUOTE).any() or (data == _BACKSLASH).any()))

    def longer_than(self, limit: int) -> Mask | None:
        """Mark cells of more than ``limit`` bytes; ``None`` when there are none."""
        return none_if_clear(self.lengths > limit)

    def may_be_blank(self) -> Mask | None:
        """Mark cells that start with a space, a control character, or the bytes of a wide blank; ``None`` for none."""
        data = self._bytes
        if not len(data):
            return None
        # cheaper than to look at the start of each cell, unless cells are long
        if len(data) < _SHORT_CELL * len(self.lengths) and data.min() > _SPACE and data.max() <= _DELETE:
            return None
        first = self._bytes_at(self._starts)
        found = first <= _SPACE
        if first.max() > _DELETE:
            rows = np.flatnonzero(_WIDE_BLANK_STARTS[first])
            second = self._bytes_at(self._starts[rows] + 1)
            for pair in _WIDE_BLANKS:
                found[rows] |= (first[rows] == pair[0]) & (second == pair[1])
        return none_if_clear(found & (self.lengths > 0)) if found.any() else None

    def is_ascii(self) -> bool:
        """Return whether no cell has a character beyond ASCII."""
        return not len(self._bytes) or bool(self._bytes.max() <= _DELETE)

    def begins_with(self, table: Mask, longest: int | None = None) -> Mask | None:
        """Mark the cells whose first byte is in a table; ``None`` when there are none.

        :param table: the bytes.
        :param longest: only cells of at most this many bytes are marked.
        """
        if longest is None:
            return self._mark(self._starts, table)
        short = self.lengths <= longest
        found = self._mark(self._starts, table) if short.any() else None
        return None if found is None else none_if_clear(found & short)

    def ends_with(self, table: Mask) -> Mask | None:
        """Mark the cells whose last byte is in a table; ``None`` when there are none."""
        return self._mark(self._stops - 1, table)

    def odd_at_an_end(self) -> Mask | None:
        """Mark cells with a space, a control character or anything beyond ASCII at an end; ``None`` for none."""
        return either(self.begins_with(_ODD), self.ends_with(_ODD))

    def bytes_of(self, cells: Mask, length: int) -> NDArray[np.uint8]:
        """Return the bytes of some cells, a row of the result for each.

        :param cells: marks them.
        :param length: the number of bytes that each of them has.
        """
        if len(self._bytes) == len(cells) * length and cells.all():
            return self._bytes.reshape(-1, length)
        cut: NDArray[np.uint8] = self._bytes[(self._starts[cells] - self._base)[:, np.newaxis] + np.arange(length)]
        return cut

    def _mark(self, places: Any, marked: Mask) -> Mask | None:
        if not len(self._bytes):
            return None
        found = marked[self._bytes_at(places)]
        return none_if_clear(found & (self.lengths > 0)) if found.any() else None

    def _bytes_at(self, places: Any) -> NDArray[np.uint8]:
        found: NDArray[np.uint8] = self._bytes.take(places - self._base if self._base else places, mode="clip")
        return found


def blank_to_null(column: Any) -> Any:
    """Make text that is empty, or has only blanks, null, as the models do."""
    view = TextArray(column)
    return blank_out(column, either(_empty(view), matching_cells(column, view.may_be_blank(), rf"^[{_BLANKS}]+$")))


def _empty(view: TextArray) -> Mask | None:
    empty = view.lengths == 0
    return none_if_clear(empty & as_mask(view.column.is_valid())) if empty.any() else None


def matching_cells(column: Any, candidates: Mask | None, pattern: str) -> Mask | None:
    """Mark those candidates that match a pattern as a whole; ``None`` when there are none.

    :param pattern: for Python and for RE2; ``^`` and ``$`` stand around it.
    """
    if candidates is None:
        return None
    rows = np.flatnonzero(candidates)
    cells = column.take(array_from_numpy(rows))
    found = np.zeros(len(column), np.bool_)
    # Arrow compiles the pattern each time: for a large one that takes as long as some hundred cells take Python.
    if len(rows) <= _FEW_CELLS:
        found[rows] = [bool(cell) and re.fullmatch(pattern, cell) is not None for cell in cells.to_pylist()]
    else:
        found[rows] = as_mask(pc.match_substring_regex(cells, pattern))
    return none_if_clear(found)


def none_if_clear(mask: Mask) -> Mask | None:
    """Return a mask, or ``None`` when nothing is marked."""
    return mask if mask.any() else None


def escape(column: Any) -> tuple[Any, Mask | None]:
    """Escape a column for the inside of JSON strings; mark cells with control characters that are not escaped."""
    data = TextArray(column)._bytes
    for character, escaped in _ESCAPES:
        if (data == ord(character)).any():
            column = pc.replace_substring(column, character, escaped)
    if TextArray(column)._bytes.min(initial=_SPACE) >= _SPACE:
        return column, None
    return column, as_mask(pc.match_substring_regex(column, r"[\x00-\x1f]"))


def as_mask(flags: Any) -> Mask:
    """Turn an Arrow boolean array into a mask; null is false."""
    if flags.null_count:
        flags = flags.fill_null(scalar(False))
    mask: Mask = numpy_from_array(flags)
    return mask


def marks_of_false(flags: Any) -> Mask | None:
    """Mark where an Arrow boolean array is false, and not null; ``None`` when it is false nowhere."""
    return None if pc.all(flags, min_count=0).as_py() else as_mask(pc.invert(flags))


def either(first: Mask | None, second: Mask | None) -> Mask | None:
    """Return the union of two masks; ``None`` is a mask without a mark."""
    if first is None or second is None:
        return second if first is None else first
    return first | second


def decoded(column: Any) -> Any:
    """Return text that may be encoded as a dictionary as plain text."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def blank_out(column: Any, mask: Mask | None) -> Any:
    """Make the marked cells null, so that long text is not copied further."""
    return column if mask is None else pc.if_else(array_from_numpy(mask), null_scalar(column.type), column)
