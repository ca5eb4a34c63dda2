"""Cut CSV text into chunks that end where a record ends.

What a quote means here is what it means to the Arrow reader that parses the chunks: it opens a quoted stretch only as
the first character of a cell, within quotes two of them stand for one, and after the closing quote the cell goes on
as an unquoted one. Outside quotes ``\\n``, ``\\r\\n`` and ``\\r`` end a record.
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
    """Whole records of a CSV file.

    :param data: their bytes.
    :param swallowed: when not 0, this is one record, and a quote in it took in so many line ends before it closed
        in the middle of a cell.
    """

    data: bytes
    swallowed: int = 0


class EndlessRecordError(Exception):
    """The record that comes next does not end.

    :param quoted: a quote in it is not closed.
    :param size: bytes of it seen.
    """

    def __init__(self, *, quoted: bool, size: int) -> None:
        super().__init__("a record does not end")
        self.quoted = quoted
        self.size = size


class Dialect:
    """How the cells of a CSV file are told apart.

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
        """Bytes after which an uneven quote opens a cell, or, being a quote, is the second of a pair."""
        return _table(f"{self.delimiter}{self.quote or ''}\r\n")

    @cached_property
    def after_closing(self) -> npt.NDArray[np.bool_]:
        """Bytes that leave no doubt that a quote closed its cell; blanks some writers add are let pass."""
        return _table(f"{self.delimiter}{self.quote or ''}\r\n \t")

    @cached_property
    def quoted_stretch(self) -> re.Pattern[bytes]:
        """A quote that opens a cell, up to the one that closes it, group 1, or the end of the text."""
        quote, delimiter = (re.escape(character).encode() for character in (self.quote or "", self.delimiter))
        opening = rb"%b(?:(?<=[%b\r\n]%b)|(?<=\A%b))" % (quote, delimiter, quote, quote)
        return re.compile(rb"%b[^%b]*+(?:%b%b[^%b]*+)*+(%b)?+" % (opening, *[quote] * 5))


class _Quoted(NamedTuple):
    """The quoted stretches of a buffer, in order, both quotes included.

    :param starts: index of the first byte of each.
    :param ends: index of the last byte of each; the length of the buffer when the last one is not closed.
    :param loose: number of each stretch that holds a line end and is followed by more text of its cell.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    loose: list[int]

    def holding(self, position: int) -> int:
        """Give the number of the stretch a byte is in, or -1."""
        number = int(np.searchsorted(self.starts, position)) - 1
        return number if number >= 0 and self.ends[number] >= position else -1


_NOTHING_QUOTED = _Quoted(np.empty(0, np.int64), np.empty(0, np.int64), [])


class RecordSplitter:
    """Cut a stream of CSV text at record ends.

    :param read: gives the next so many bytes, and none at the end only.
    :param dialect: how cells are told apart.
    :param chunk_bytes: how much to read at a time.
    :param max_record_bytes: the longest record to wait for.
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
        """Take the first record, which is not a blank line; empty when there is none.

        :raises EndlessRecordError: when it does not end.
        """
        while True:
            self._rest = self._rest.lstrip(_LINE_ENDS)
            quoted = _find_quoted(self._rest, self._dialect)
            end = _first_record_end(self._rest, quoted, 0)
            if end == 0 and self._read_on():
                continue
            if end == 0:
                self._refuse_open_quote(quoted)
                end = len(self._rest)
            record, self._rest = self._rest[:end], self._rest[end:]
            return record

    def chunks(self) -> Iterator[Chunk]:
        """Give what follows, in chunks of whole records.

        :raises EndlessRecordError: when a record does not end; all records before it have been given.
        """
        while True:
            quoted = _find_quoted(self._rest, self._dialect)
            cut = _last_record_end(self._rest, quoted, 0, len(self._rest))
            if cut:
                yield from _chunks(self._rest, cut, quoted)
                self._rest = self._rest[cut:]
            if not self._read_on():
                break
        if self._rest:
            quoted = _find_quoted(self._rest, self._dialect)
            self._refuse_open_quote(quoted)
            yield from _chunks(self._rest, len(self._rest), quoted)

    def _read_on(self) -> bool:
        size = len(self._rest)
        if size >= self._max_record_bytes:
            quoted = _find_quoted(self._rest, self._dialect)
            raise EndlessRecordError(quoted=quoted.holding(size) >= 0, size=size)
        # a long record is doubled, not nibbled at: each look begins at its start again
        more = self._read(max(self._chunk_bytes, min(size, self._max_record_bytes - size)))
        self._rest += more
        return bool(more)

    def _refuse_open_quote(self, quoted: _Quoted) -> None:
        if quoted.holding(len(self._rest)) >= 0:
            raise EndlessRecordError(quoted=True, size=len(self._rest))


def _find_quoted(buffer: bytes, dialect: Dialect) -> _Quoted:
    if dialect.quote is None or dialect.quote.encode() not in buffer:
        return _NOTHING_QUOTED
    octets = np.frombuffer(buffer, np.uint8)
    quotes = np.flatnonzero(octets == ord(dialect.quote))
    starts, ends = quotes[0::2], quotes[1::2]
    # Every quote in turn opens and closes, if each opening one begins a cell or is the second of a pair within
    # quotes. One stray quote and this may be wrong, so then the cells are walked through one by one.
    before = octets[starts[1:] - 1 if starts[0] == 0 else starts - 1]
    after = octets[ends[:-1] + 1 if len(ends) and ends[-1] + 1 == len(buffer) else ends + 1]
    if not (dialect.before_opening[before].all() and dialect.after_closing[after].all()):
        return _walk_quoted(buffer, dialect)
    if len(ends) < len(starts):
        ends = np.append(ends, len(buffer))
    return _Quoted(starts, ends, [])


def _walk_quoted(buffer: bytes, dialect: Dialect) -> _Quoted:
    # a list of numbers would take five times the memory, and there may be millions
    starts, ends = array("q"), array("q")
    loose: list[int] = []
    for match in dialect.quoted_stretch.finditer(buffer):
        start, end = match.span()
        starts.append(start)
        ends.append(end - 1 if match[1] else len(buffer))
        followed = match[1] and end < len(buffer) and not dialect.after_closing[buffer[end]]
        if followed and any(buffer.find(line_end, start, end) >= 0 for line_end in (b"\n", b"\r")):
            loose.append(len(starts) - 1)
    return _Quoted(np.frombuffer(starts, np.int64), np.frombuffer(ends, np.int64), loose)


def _last_record_end(buffer: bytes, quoted: _Quoted, start: int, stop: int) -> int:
    """Find the end of the last record that ends in this part of the buffer; give ``start`` when none does."""
    for line_end in (b"\n", b"\r"):
        position = buffer.rfind(line_end, start, stop)
        while position >= 0:
            stretch = quoted.holding(position)
            if stretch < 0:
                start = position + 1
                break
            position = buffer.rfind(line_end, start, int(quoted.starts[stretch]))
    return start


def _first_record_end(buffer: bytes, quoted: _Quoted, start: int) -> int:
    """Find the end of the first record that ends after ``start``; give 0 when none does."""
    found = len(buffer)
    for line_end in (b"\n", b"\r"):
        position = buffer.find(line_end, start, found)
        while position >= 0:
            stretch = quoted.holding(position)
            if stretch < 0:
                found = position
                break
            position = buffer.find(line_end, int(quoted.ends[stretch]) + 1, found)
    return found + 1 if found < len(buffer) else 0


def _chunks(buffer: bytes, cut: int, quoted: _Quoted) -> Iterator[Chunk]:
    done = 0
    for number in quoted.loose:
        opened, closed = int(quoted.starts[number]), int(quoted.ends[number])
        if opened < done or closed >= cut:
            continue
        start = _last_record_end(buffer, quoted, done, opened)
        end = _first_record_end(buffer, quoted, closed) or cut
        if start > done:
            yield Chunk(buffer[done:start])
        within = buffer[start:end].rstrip(_LINE_ENDS)
        yield Chunk(buffer[start:end], swallowed=max(within.count(b"\n"), within.count(b"\r")))
        done = end
    if done < cut:
        yield Chunk(buffer[done:cut])


def _table(characters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters.encode())] = True
    return table
