"""The record splitter agrees with a simple reader, and with Python's csv module, on difficult text."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.csv.dialect import Dialect
from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader
from airflow_provider_clevertap.loading.sources.csv.record_splitter import EndlessRecordError, RecordSplitter
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from tests.support.examples_of_properties import examples

HEADER = ("one", "two", "three")
# the last two are bytes that are not UTF-8
PIECES = [
    *["a", "b", "é", ",", ",", '"', '"', '""', "1,2,3", '"a,b"', '"a""b"', ",,", 'a"b', '"a"b', "\\"],
    *("\n", "\r\n", "\r", " ", "\n\n", '"a\nb"', '"a\nb"c', '"a\n" ,', "1,2,3\n", "\udcff", "\udcc3"),
    *("\ufeff", "\n\ufeff", '\r\ufeff"', "one,two,three\n", "\ufeffone,two,three\n"),
]


class Record(NamedTuple):
    cells: list[str]
    text: str
    malformed: bool


def walk(text: str) -> tuple[list[Record], bool]:
    """Read CSV character by character; return the records, and whether the last one has an open quote."""
    records: list[Record] = []
    position = 0
    while position < len(text):
        if text[position] in "\r\n\ufeff":
            position += 1
            continue
        start, cells, malformed, ended = position, [], False, False
        while not ended:
            cell, position, follows, is_open = walk_cell(text, position)
            if is_open:
                return records, True
            cells.append(cell)
            malformed |= follows
            ended = text[position : position + 1] != ","
            position += 1
        records.append(Record(cells, text[start : position - 1], malformed))
    return records, False


def walk_cell(text: str, position: int) -> tuple[str, int, bool, bool]:
    """Return a cell, where it ends, whether text follows its closing quote, and whether its quote is open."""
    cell = ""
    is_quoted = text[position : position + 1] == '"'
    if is_quoted:
        position += 1
        while text[position : position + 1] != '"' or text[position : position + 2] == '""':
            if position == len(text):
                return cell, position, False, True
            position += 1 + (text[position] == '"')
            cell += text[position - 1]
        position += 1
    quoted_length = len(cell)
    while position < len(text) and text[position] not in ",\r\n":
        cell += text[position]
        position += 1
    return cell, position, is_quoted and bool(cell[quoted_length:].strip(" \t")), False


def is_unusable(record: Record) -> bool:
    damaged = any("\udc80" <= character <= "\udcff" for cell in record.cells for character in cell)
    return damaged or record.malformed or len(record.cells) != 3 or record.cells == list(HEADER)


def as_row(record: Record) -> tuple[str | None, ...]:
    """Return a record as row blocks contain it: also with too few or too many cells, or malformed."""
    if record.malformed:
        return (None, None, None)
    row = [*record.cells, "", ""][:3]
    if len(record.cells) > 3:
        row[2] = ",".join(record.cells[2:])
    return tuple(shown(cell) or None for cell in row)


def shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read(text: str, *, chunk_bytes: int, block_rows: int = 3) -> tuple[list[tuple[object, ...]], dict[int, str], bool]:
    """Read with CsvReader; return the rows, the texts of invalid rows, and whether it stopped at an open quote."""
    data = text.encode("utf-8", "surrogateescape")
    file = SourceFile("x.csv", ".csv", "", len(data), lambda: io.BytesIO(data))
    reader = CsvReader(
        delimiter=",", quote='"', encoding="utf-8", header=HEADER, block_rows=block_rows, chunk_bytes=chunk_bytes
    )
    rows: list[tuple[object, ...]] = []
    row_errors: dict[int, str] = {}
    blocks = reader.read(file)
    while True:
        try:
            block = next(blocks, None)
        except SourceError:
            return rows, row_errors, True
        if block is None:
            return rows, row_errors, False
        assert block.first_row == len(rows) + 1
        row_errors |= {len(rows) + index: error.text for index, error in block.row_errors.items()}
        rows += [tuple(row.values()) for row in block.rows(range(len(block)))]


@examples(200)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=60), chunk_bytes=st.integers(1, 48))
@example(pieces=['1,"a\n', "2,b,c\n", '"x"y,z\n'], chunk_bytes=4)
@example(pieces=['\n\ufeff"a\n\ufeffb",2,3\n', "\ufeff\ufeffone,two,three\n"], chunk_bytes=7)
@example(pieces=['1,"5" pipe","a"  ,\n"b" \t\n'], chunk_bytes=48)
def test_any_text_gives_the_rows_of_a_simple_reader(pieces: list[str], chunk_bytes: int) -> None:
    text = "".join(pieces)
    records, open_quote = walk(text)
    if not open_quote and "\ufeff" not in text:
        python = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells]
        assert python == [record.cells for record in records]

    rows, row_errors, stopped = read("\n" + text, chunk_bytes=chunk_bytes)

    assert rows == list(map(as_row, records))
    assert row_errors == {
        index: shown(record.text) if record.malformed else ""
        for index, record in enumerate(records)
        if is_unusable(record)
    }
    assert stopped == open_quote


@examples(100)
@given(
    table=st.lists(
        st.lists(st.text(st.sampled_from('ab,"\n\r é'), max_size=6), min_size=3, max_size=3), min_size=1, max_size=30
    ),
    chunk_bytes=st.integers(1, 64),
    # the module quotes a line end only if it is one of the line end it writes itself
    style=st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r"), (csv.QUOTE_MINIMAL, "\r\n")]),
)
def test_text_written_by_pythons_csv_module_is_read_unchanged(
    table: list[list[str]], chunk_bytes: int, style: tuple[int, str]
) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=style[0], lineterminator=style[1]).writerows(table)  # type: ignore[arg-type]
    rows, row_errors, stopped = read(written.getvalue(), chunk_bytes=chunk_bytes)
    assert rows == [tuple(cell or None for cell in row) for row in table]
    assert not row_errors
    assert not stopped


def chunks_of(data: bytes, **options: int) -> list[bytes]:
    stream = io.BytesIO(data)
    cutter = RecordSplitter(stream.read, Dialect(",", '"'), **options)
    return [chunk.data for chunk in cutter.chunks()]


def test_the_chunks_together_are_the_file() -> None:
    data = b'a,"b\nb",c\n' * 50 + b'5" pipe,x,y\n' * 50
    chunks = chunks_of(data, chunk_bytes=64)
    assert b"".join(chunks) == data
    assert all(chunk.endswith(b"\n") for chunk in chunks)
    assert len(chunks) > 10


def test_a_record_may_have_a_maximum_length() -> None:
    record = b'"' + b"x" * 5000 + b'"\n'
    assert chunks_of(record, chunk_bytes=64) == [record]
    with pytest.raises(EndlessRecordError) as stopped:
        chunks_of(record, chunk_bytes=64, max_record_bytes=1024)
    assert stopped.value.quoted


def test_a_line_without_an_end_and_an_open_quote_are_different_errors() -> None:
    with pytest.raises(EndlessRecordError) as stopped:
        chunks_of(b"x" * 5000, chunk_bytes=64, max_record_bytes=1024)
    assert not stopped.value.quoted
