"""Split CSV text into chunks of complete records.

Quotes are interpreted as by the Arrow reader that parses the chunks. A quote opens a quoted section only as the first
character of a cell. Inside the section, two quotes stand for one. Text after the closing quote belongs to the same
cell, unquoted. Outside quotes ``\\n``, ``\\r\\n`` and ``\\r`` end a record.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.rows.block import MAX_ROW_BYTES

CHUNK_BYTES = 4 << 20

_LINE_ENDS = b"\r\n"


class Chunk(NamedTuple):
    """Complete records of a CSV file.

    :param data: their bytes.
    :param swallowed_lines: when not 0, this is a single record with a suspicious quote: the quoted section contains
        this many line ends, and ends in the middle of a cell.
    """

    data: bytes
    swallowed_lines: int = 0


class EndlessRecordError(Exception):
    """The next record has no end.

    :param quoted: a quote in it is not closed.
    :param size: bytes read of it.
    """

    def __init__(self, *, quoted: bool, size: int) -> None:
        super().__init__("a record has no end")
        self.quoted = quoted
        self.size = size


class Dialect:
    """The delimiter and the quote character of a CSV file.

    :param delimiter: one ASCII character.
    :param quote: one ASCII character, or ``None`` when quotes are ordinary text.
    :raises ConfigurationError: when they cannot be used.
    """

    def __init__(self, delimiter: str, quote: str | None) -> None:
        for name, value in (("delimiter", delimiter), ("quote", quote)):
            if value is not None and (len(value) != 1 or not value.isascii() or value in "\r\n\0"):
                raise ConfigurationError(f"{name}={value!r} must be one ASCII character that does not end a line.")
        if delimiter == quote:
            raise ConfigurationError(f"delimiter and quote are the same character, {delimiter!r}.")
        self.delimiter = delimiter
        self.quote = quote

    @cached_property
    def before_opening(self) -> npt.NDArray[np.bool_]:
        """Table of the bytes that may precede an opening quote; a quote itself may, as the first of a pair."""
        return _table(f"{self.delimiter}{self.quote or ''}\r\n")

    @cached_property
    def after_closing(self) -> npt.NDArray[np.bool_]:
        """Table of the bytes that may follow a closing quote; blanks are accepted: some writers add them."""
        return _table(f"{self.delimiter}{self.quote or ''}\r\n \t")

    @cached_property
    def quoted_section(self) -> re.Pattern[bytes]:
        """Pattern of a quoted section: from the opening quote to the closing one (group 1) or the end of the text."""
        quote, delimiter = (re.escape(character).encode() for character in (self.quote or "", self.delimiter))
        opening = rb"%b(?:(?<=[%b\r\n]%b)|(?<=\A%b))" % (quote, delimiter, quote, quote)
        return re.compile(rb"%b[^%b]*+(?:%b%b[^%b]*+)*+(%b)?+" % (opening, *[quote] * 5))


class _QuotedSections(NamedTuple):
    """The quoted sections of a buffer, in order, both quotes included.

    :param starts: index of the first byte of each.
    :param ends: index of the last byte of each; the length of the buffer when the last one is not closed.
    :param suspicious: number of each section that contains a line end and is followed by more text of its cell.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    suspicious: list[int]

    def find(self, position: int) -> int:
        """Return the number of the section that contains a byte, or -1."""
        number = int(np.searchsorted(self.starts, position)) - 1
        return number if number >= 0 and self.ends[number] >= position else -1


_NO_SECTIONS = _QuotedSections(np.empty(0, np.int64), np.empty(0, np.int64), [])


class RecordSplitter:
    """Splits a stream of CSV text at record ends.

    :param read: returns the next bytes, up to this many, and none only at the end.
    :param dialect: delimiter and quote of the text.
    :param chunk_bytes: how much to read at a time.
    :param max_record_bytes: the maximum length of a record.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        dialect: Dialect,
        *,
        chunk_bytes: int = CHUNK_BYTES,
        max_record_bytes: int = MAX_ROW_BYTES,
    ) -> None:
        self._read = read
        self._dialect = dialect
        self._chunk_bytes = chunk_bytes
        self._max_record_bytes = max_record_bytes
        self._rest = b""

    def first_record(self) -> bytes:
        """Return the first record after blank lines; empty when there is none.

        :raises EndlessRecordError: when it has no end.
        """
        while True:
            self._rest = self._rest.lstrip(_LINE_ENDS)
            quoted = _find_quoted(self._rest, self._dialect)
            end = _first_record_end(self._rest, quoted, 0)
            if end == 0 and self._read_more():
                continue
            if end == 0:
                self._check_last_quote(quoted)
                end = len(self._rest)
            record, self._rest = self._rest[:end], self._rest[end:]
            return record

    def chunks(self) -> Iterator[Chunk]:
        """Read the remaining records, in chunks of complete records.

        :raises EndlessRecordError: when a record has no end; all records before it have been returned.
        """
        while True:
            quoted = _find_quoted(self._rest, self._dialect)
            end = _last_record_end(self._rest, quoted, 0, len(self._rest))
            if end:
                yield from _chunks(self._rest, end, quoted)
                self._rest = self._rest[end:]
            if not self._read_more():
                break
        if self._rest:
            quoted = _find_quoted(self._rest, self._dialect)
            self._check_last_quote(quoted)
            yield from _chunks(self._rest, len(self._rest), quoted)

    def _read_more(self) -> bool:
        size = len(self._rest)
        if size >= self._max_record_bytes:
            quoted = _find_quoted(self._rest, self._dialect)
            raise EndlessRecordError(quoted=quoted.find(size) >= 0, size=size)
        # Read as much again as there is: each search for the end of a long record starts at its beginning.
        data = self._read(max(self._chunk_bytes, min(size, self._max_record_bytes - size)))
        self._rest += data
        return bool(data)

    def _check_last_quote(self, quoted: _QuotedSections) -> None:
        if quoted.find(len(self._rest)) >= 0:
            raise EndlessRecordError(quoted=True, size=len(self._rest))


def _find_quoted(buffer: bytes, dialect: Dialect) -> _QuotedSections:
    if dialect.quote is None or dialect.quote.encode() not in buffer:
        return _NO_SECTIONS
    octets = np.frombuffer(buffer, np.uint8)
    quotes = np.flatnonzero(octets == ord(dialect.quote))
    starts, ends = quotes[0::2], quotes[1::2]
    # Quotes open and close by turns if every opening quote is at the start of a cell, or follows a quote as the second
    # of a pair. A stray quote breaks this rule, so then the sections are searched one by one.
    before = octets[starts[1:] - 1 if starts[0] == 0 else starts - 1]
    after = octets[ends[:-1] + 1 if len(ends) and ends[-1] + 1 == len(buffer) else ends + 1]
    if not (dialect.before_opening[before].all() and dialect.after_closing[after].all()):
        return _search_quoted(buffer, dialect)
    if len(ends) < len(starts):
        ends = np.append(ends, len(buffer))
    return _QuotedSections(starts, ends, [])


def _search_quoted(buffer: bytes, dialect: Dialect) -> _QuotedSections:
    # Arrays of integers: a list would take five times the memory, and there may be millions of sections.
    starts, ends = array("q"), array("q")
    suspicious: list[int] = []
    for match in dialect.quoted_section.finditer(buffer):
        start, end = match.span()
        starts.append(start)
        ends.append(end - 1 if match[1] else len(buffer))
        followed = match[1] and end < len(buffer) and not dialect.after_closing[buffer[end]]
        if followed and any(buffer.find(line_end, start, end) >= 0 for line_end in (b"\n", b"\r")):
            suspicious.append(len(starts) - 1)
    return _QuotedSections(np.frombuffer(starts, np.int64), np.frombuffer(ends, np.int64), suspicious)


def _last_record_end(buffer: bytes, quoted: _QuotedSections, start: int, stop: int) -> int:
    """Return the end of the last record that ends in this part of the buffer, or ``start`` when none does."""
    for line_end in (b"\n", b"\r"):
        position = buffer.rfind(line_end, start, stop)
        while position >= 0:
            section = quoted.find(position)
            if section < 0:
                start = position + 1
                break
            position = buffer.rfind(line_end, start, int(quoted.starts[section]))
    return start


def _first_record_end(buffer: bytes, quoted: _QuotedSections, start: int) -> int:
    """Return the end of the first record that ends after ``start``, or 0 when none does."""
    end = len(buffer)
    for line_end in (b"\n", b"\r"):
        position = buffer.find(line_end, start, end)
        while position >= 0:
            section = quoted.find(position)
            if section < 0:
                end = position
                break
            position = buffer.find(line_end, int(quoted.ends[section]) + 1, end)
    return end + 1 if end < len(buffer) else 0


def _chunks(buffer: bytes, stop: int, quoted: _QuotedSections) -> Iterator[Chunk]:
    """Split the records before ``stop`` so that each record with a suspicious quote is a chunk of one record."""
    done = 0
    for number in quoted.suspicious:
        opened, closed = int(quoted.starts[number]), int(quoted.ends[number])
        if opened < done or closed >= stop:
            continue
        start = _last_record_end(buffer, quoted, done, opened)
        end = _first_record_end(buffer, quoted, closed) or stop
        if start > done:
            yield Chunk(buffer[done:start])
        record = buffer[start:end].rstrip(_LINE_ENDS)
        yield Chunk(buffer[start:end], swallowed_lines=max(record.count(b"\n"), record.count(b"\r")))
        done = end
    if done < stop:
        yield Chunk(buffer[done:stop])


def _table(characters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters.encode())] = True
    return table
