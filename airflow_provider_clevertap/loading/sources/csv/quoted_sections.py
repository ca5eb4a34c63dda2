"""Find the quoted sections of CSV text, and the records in which text follows a closing quote."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from airflow_provider_clevertap.loading.sources.csv.dialect import Dialect

_LINE_ENDS = b"\r\n"


class QuotedSections(NamedTuple):
    """The quoted sections of a buffer, in order, both quotes included.

    :param starts: index of the first byte of each.
    :param ends: index of the last byte of each; the length of the buffer when the last one is not closed.
    :param suspicious: number of each section that is followed by more text of its cell.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    suspicious: Sequence[int]

    def find(self, position: int) -> int:
        """Return the number of the section that contains a byte, or -1."""
        number = int(np.searchsorted(self.starts, position)) - 1
        return number if number >= 0 and self.ends[number] >= position else -1

    def outside(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Mark the positions that are in no section."""
        numbers = np.searchsorted(self.starts, positions) - 1
        return (numbers < 0) | (self.ends[numbers] < positions)


_NO_SECTIONS = QuotedSections(np.empty(0, np.int64), np.empty(0, np.int64), ())


class MalformedRecord(NamedTuple):
    """A record in which text follows a closing quote, so that it is uncertain where its cells end.

    :param row: its number among the records of its chunk, from 0.
    :param text: the record as it is in the file.
    :param swallowed_lines: how many line ends it contains, when such a quoted section contains any.
    """

    row: int
    text: bytes
    swallowed_lines: int


def find_quoted(buffer: bytes, dialect: Dialect) -> QuotedSections:
    """Find the quoted sections of text that begins with a record and has no escapes."""
    if dialect.quote is None or dialect.quote.encode() not in buffer:
        return _NO_SECTIONS
    octets = np.frombuffer(buffer, np.uint8)
    quotes = np.flatnonzero(octets == ord(dialect.quote))
    starts, ends = quotes[0::2], quotes[1::2]
    # Quotes open and close by turns if every opening quote is at the start of a cell, or follows a quote as the second
    # of a pair. A stray quote breaks this rule, so then the sections are searched one by one.
    before = octets[starts[1:] - 1 if starts[0] == 0 else starts - 1]
    after = ends[:-1] + 1 if len(ends) and ends[-1] + 1 == len(buffer) else ends + 1
    if not (dialect.before_opening[before].all() and _all_end_cells(octets, after, dialect)):
        return _search_quoted(buffer, dialect)
    if len(ends) < len(starts):
        ends = np.append(ends, len(buffer))
    return QuotedSections(starts, ends, ())


def _all_end_cells(octets: npt.NDArray[np.uint8], after: npt.NDArray[np.int64], dialect: Dialect) -> bool:
    """Return whether each of these positions, after closing quotes, ends its cell, or a blank and such a byte follow.

    :param after: the positions.
    """
    allowed = dialect.after_closing
    while not (found := allowed[octets[after]]).all():
        others = after[~found]
        if not dialect.blanks[octets[others]].all():
            return False
        allowed = dialect.after_blanks
        after = others + 1
        after = after[after < len(octets)]
    return True


def _search_quoted(buffer: bytes, dialect: Dialect) -> QuotedSections:
    # Arrays of integers: a list would take five times the memory, and there may be millions of sections.
    starts, ends, suspicious = array("q"), array("q"), array("q")
    for match in dialect.quoted_section.finditer(buffer):
        if match[2] is not None:
            suspicious.append(len(starts))
        start, end = match.span()
        starts.append(start)
        ends.append(end - 1 if match[1] else len(buffer))
    return QuotedSections(np.frombuffer(starts, np.int64), np.frombuffer(ends, np.int64), suspicious)


def find_malformed(buffer: bytes, masked: bytes, stop: int, quoted: QuotedSections) -> list[MalformedRecord]:
    """Find the malformed ones among the first records of a buffer.

    :param masked: the same text, in which escaped characters have no meaning.
    :param stop: the end of the last record.
    :param quoted: the quoted sections of ``masked``.
    """
    numbers = [number for number in quoted.suspicious if quoted.ends[number] < stop]
    if not numbers:
        return []
    octets = np.frombuffer(masked, np.uint8, stop)
    ends = np.flatnonzero((octets == _LINE_ENDS[0]) | (octets == _LINE_ENDS[1]))
    ends = ends[quoted.outside(ends)]
    starts = np.concatenate([[0], ends + 1])
    starts = starts[starts < stop]
    # A blank line is not a record, and neither is the line feed after a carriage return.
    starts = starts[~np.isin(octets[starts], list(_LINE_ENDS))]
    records: dict[int, MalformedRecord] = {}
    rows = np.searchsorted(starts, quoted.starts[numbers], "right") - 1
    for number, row in zip(numbers, rows.tolist(), strict=True):
        section = buffer[quoted.starts[number] : quoted.ends[number]]
        is_swallowing = b"\n" in section or b"\r" in section
        if row in records and (records[row].swallowed_lines or not is_swallowing):
            continue
        following = int(np.searchsorted(ends, starts[row]))
        text = buffer[starts[row] : ends[following] if following < len(ends) else stop]
        lines = max(text.count(b"\n"), text.count(b"\r")) if is_swallowing else 0
        records[row] = MalformedRecord(row, text, lines)
    return list(records.values())
