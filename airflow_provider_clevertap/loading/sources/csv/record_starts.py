"""Leave out what precedes records in a CSV file: byte order marks, from parts that were joined, and comments."""

from __future__ import annotations

import re

from airflow_provider_clevertap.loading.sources.csv.dialect import BYTE_ORDER_MARK, Dialect

_LINE = re.compile(rb"[^\r\n]*+")


def leave_out_comments(buffer: bytes, dialect: Dialect, *, ended: bool) -> bytes:
    """Return text that begins with a record without comments, and without byte order marks before its records.

    Within quotes both are parts of their cells. Only the line end of a comment remains. Leaving them out twice is the
    same as once, so an unfinished record at the end may be passed again, with the text that follows it.

    :param ended: no more text follows, so a comment without a line end is complete.
    """
    comment = b"" if dialect.comment is None else dialect.comment.encode()
    if not (_begins_line(BYTE_ORDER_MARK, buffer) or (comment and _begins_line(comment, buffer))):
        return buffer
    parts, position = [], 0
    while True:
        records = dialect.ordinary_records.match(buffer, position)
        start = end = position if records is None else records.end()
        parts.append(buffer[position:start])
        while buffer.startswith(BYTE_ORDER_MARK, end):
            end += len(BYTE_ORDER_MARK)
        if comment and buffer.startswith(comment, end):
            line = _LINE.match(buffer, end)
            if line is not None and (ended or line.end() < len(buffer)):
                end = line.end()
        if start == end:
            return b"".join((*parts, buffer[end:]))
        position = end


def _begins_line(start: bytes, buffer: bytes) -> bool:
    # Searching for one byte takes a fiftieth of the time of the other searches, and few files have it.
    return start[:1] in buffer and (buffer.startswith(start) or b"\n" + start in buffer or b"\r" + start in buffer)
