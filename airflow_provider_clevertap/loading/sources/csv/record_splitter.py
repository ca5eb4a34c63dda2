"""Split CSV text into chunks of complete records.

Quotes are interpreted as by the Arrow reader that parses the chunks. A quote opens a quoted section only as the first
character of a cell. Inside the section, two quotes stand for one. Text after the closing quote belongs to the same
cell, unquoted, and makes the record malformed unless it is blank. Outside quotes ``\\n``, ``\\r\\n`` and ``\\r`` end a
record. After an escape none of these characters has a meaning. Byte order marks before records, and comments, are left
out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from airflow_provider_clevertap.loading.rows.block import MAX_ROW_BYTES
from airflow_provider_clevertap.loading.sources.csv.dialect import Dialect
from airflow_provider_clevertap.loading.sources.csv.quoted_sections import (
    MalformedRecord,
    QuotedSections,
    find_malformed,
    find_quoted,
)
from airflow_provider_clevertap.loading.sources.csv.record_starts import leave_out_comments

CHUNK_BYTES = 4 << 20

_LINE_ENDS = b"\r\n"
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Chunk(NamedTuple):
    """Complete records of a CSV file.

    :param data: their bytes.
    :param malformed: the malformed ones among them.
    """

    data: bytes
    malformed: Sequence[MalformedRecord]


class EndlessRecordError(Exception):
    """The next record has no end.

    :param quoted: a quote in it is not closed.
    :param size: bytes read of it.
    """

    def __init__(self, *, quoted: bool, size: int) -> None:
        super().__init__("a record has no end")
        self.quoted = quoted
        self.size = size


class RecordSplitter:
    """Splits a stream of CSV text at record ends.

    :param read: returns the next bytes, up to this many, and none only at the end.
    :param dialect: the characters that have a meaning in the text.
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

    def skip_lines(self, count: int) -> int:
        """Leave out some lines, whatever is in them, and return how many there were.

        :raises EndlessRecordError: when a line has no end.
        """
        skipped = position = 0
        ended = False
        while skipped < count:
            line_end = _LINE_END.search(self._rest, position)
            # A line feed may follow a carriage return at the end of what was read.
            if not ended and (line_end is None or line_end.end() == len(self._rest)):
                self._rest, position = self._rest[position:], 0
                ended = not self._read_more()
            elif line_end is None:
                skipped += position < len(self._rest)
                position = len(self._rest)
                break
            else:
                position = line_end.end()
                skipped += 1
        self._rest = self._rest[position:]
        return skipped

    def next_byte(self) -> bytes:
        """Return the next byte without taking it; empty at the end of the text."""
        if not self._rest:
            self._read_more()
        return self._rest[:1]

    def first_record(self) -> tuple[bytes, int]:
        """Return the first record after blank lines and comments, and the number of its lines; empty for none.

        :raises EndlessRecordError: when it has no end.
        """
        ended = False
        while True:
            self._rest = leave_out_comments(self._rest, self._dialect, ended=ended).lstrip(_LINE_ENDS)
            masked, quoted = self._find_quoted()
            end = _first_record_end(masked, quoted)
            if end or ended:
                break
            ended = not self._read_more()
        if not end:
            self._check_last_quote(quoted)
        record, self._rest = self._rest[: end or None], self._rest[end:] if end else b""
        if record.endswith(b"\r") and self.next_byte() == b"\n":
            self._rest = self._rest[1:]
        return record, len(_LINE_END.findall(record))

    def chunks(self) -> Iterator[Chunk]:
        """Read the remaining records, in chunks of complete records.

        :raises EndlessRecordError: when a record has no end; all records before it have been returned.
        """
        ended = False
        while not ended:
            self._rest = leave_out_comments(self._rest, self._dialect, ended=False)
            masked, quoted = self._find_quoted()
            end = _last_record_end(masked, quoted)
            if end:
                yield Chunk(self._rest[:end], find_malformed(self._rest, masked, end, quoted))
                self._rest = self._rest[end:]
            ended = not self._read_more()
        self._rest = leave_out_comments(self._rest, self._dialect, ended=True)
        if self._rest:
            masked, quoted = self._find_quoted()
            self._check_last_quote(quoted)
            yield Chunk(self._rest, find_malformed(self._rest, masked, len(masked), quoted))

    def _find_quoted(self) -> tuple[bytes, QuotedSections]:
        """Return the text that was read without the meaning of escaped characters, and its quoted sections."""
        masked = self._dialect.mask_escapes(self._rest)
        return masked, find_quoted(masked, self._dialect)

    def _read_more(self) -> bool:
        size = len(self._rest)
        if size >= self._max_record_bytes:
            _, quoted = self._find_quoted()
            raise EndlessRecordError(quoted=quoted.find(size) >= 0, size=size)
        # Read as much again as there is: each search for the end of a long record starts at its beginning.
        data = self._read(max(self._chunk_bytes, min(size, self._max_record_bytes - size)))
        self._rest += data
        return bool(data)

    def _check_last_quote(self, quoted: QuotedSections) -> None:
        if quoted.find(len(self._rest)) >= 0:
            raise EndlessRecordError(quoted=True, size=len(self._rest))


def _last_record_end(buffer: bytes, quoted: QuotedSections) -> int:
    """Return the end of the last record that ends in a buffer, or 0 when none does."""
    end = 0
    for line_end in (b"\n", b"\r"):
        position = buffer.rfind(line_end, end)
        while position >= 0:
            section = quoted.find(position)
            if section < 0:
                end = position + 1
                break
            position = buffer.rfind(line_end, end, int(quoted.starts[section]))
    return end


def _first_record_end(buffer: bytes, quoted: QuotedSections) -> int:
    """Return the end of the first record of a buffer, or 0 when it does not end there."""
    end = len(buffer)
    for line_end in (b"\n", b"\r"):
        position = buffer.find(line_end, 0, end)
        while position >= 0:
            section = quoted.find(position)
            if section < 0:
                end = position
                break
            position = buffer.find(line_end, int(quoted.ends[section]) + 1, end)
    return end + 1 if end < len(buffer) else 0
