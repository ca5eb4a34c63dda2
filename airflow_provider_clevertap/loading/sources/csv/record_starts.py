"""Leave out the byte order marks before records: a file may be put together from parts that each begin with one."""

from __future__ import annotations

from airflow_provider_clevertap.loading.sources.csv.dialect import BYTE_ORDER_MARK, Dialect


def without_marks(buffer: bytes, dialect: Dialect) -> bytes:
    """Return text that begins with a record without the byte order marks at the starts of its records.

    Within quotes such a mark is a part of its cell. Removing the marks of a text twice is the same as removing them
    once, so an unfinished record at the end may be passed again, with the text that follows it.
    """
    # Searching for one byte takes a fiftieth of the time of the other searches, and few files have it.
    if BYTE_ORDER_MARK[:1] not in buffer or not (
        buffer.startswith(BYTE_ORDER_MARK) or b"\n" + BYTE_ORDER_MARK in buffer or b"\r" + BYTE_ORDER_MARK in buffer
    ):
        return buffer
    parts, position = [], 0
    while True:
        records = dialect.ordinary_records.match(buffer, position)
        end = position if records is None else records.end()
        parts.append(buffer[position:end])
        position = end
        while buffer.startswith(BYTE_ORDER_MARK, position):
            position += len(BYTE_ORDER_MARK)
        if position == end:
            return b"".join((*parts, buffer[end:]))
