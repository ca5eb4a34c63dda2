"""Split CSV text into chunks of complete records.

Quotes are interpreted as by the Arrow reader that parses the chunks. A quote opens a quoted section only as the first
character of a cell. Inside the section, two quotes stand for one. Text after the closing quote belongs to the same
cell, unquoted, and makes the record malformed unless it is blank. Outside quotes ``\\n``, ``\\r\\n`` and ``\\r`` end a
record. A byte order mark before a record is left out.
"""

from __future__ import annotations

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
from airflow_provider_clevertap.loading.sources.csv.record_starts import without_marks

CHUNK_BYTES = 4 << 20

_LINE_ENDS = b"\r\n"


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
            self._rest = without_marks(self._rest, self._dialect).lstrip(_LINE_ENDS)
            quoted = find_quoted(self._rest, self._dialect)
            end = _first_record_end(self._rest, quoted)
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
            self._rest = without_marks(self._rest, self._dialect)
            quoted = find_quoted(self._rest, self._dialect)
            end = _last_record_end(self._rest, quoted)
            if end:
                yield Chunk(self._rest[:end], find_malformed(self._rest, end, quoted))
                self._rest = self._rest[end:]
            if not self._read_more():
                break
        if self._rest:
            quoted = find_quoted(self._rest, self._dialect)
            self._check_last_quote(quoted)
            yield Chunk(self._rest, find_malformed(self._rest, len(self._rest), quoted))

    def _read_more(self) -> bool:
        size = len(self._rest)
        if size >= self._max_record_bytes:
            quoted = find_quoted(self._rest, self._dialect)
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
