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
# among them bytes that are not UTF-8
PIECES = [
    *["a", "b", "é", ",", ",", '"', '"', '""', "1,2,3", '"a,b"', '"a""b"', ",,", 'a"b', '"a"b', "\\", "'a'"],
    *("\n", "\r\n", "\r", " ", "\n\n", '"a\nb"', '"a\nb"c', '"a\n" ,', "1,2,3\n", "\udcff", "\udcc3"),
    *("\ufeff", "\n\ufeff", '\r\ufeff"', "one,two,three\n", "\ufeffone,two,three\n"),
    *("#", "\n#", '\n#"', "\r\ufeff#,\\", "\n#\n", "#a\n"),
    *('\\"', "\\,", "\\\\", "\\\n", "\\\r\n", "\\\r", "\\N", ",\\N,", "\\n", '\\""', '"a\\"b"', "\\\n#", "\\\n\ufeff"),
]


class Signs(NamedTuple):
    """The characters with a meaning, besides the comma."""

    quote: str | None = '"'
    escape: str | None = None
    comment: str | None = None


PLAIN = Signs()


class Record(NamedTuple):
    cells: list[str]
    text: str
    malformed: bool


def walk(text: str, signs: Signs) -> tuple[list[Record], bool]:
    """Read CSV character by character; return the records, and whether the last one has an open quote."""
    records: list[Record] = []
    position = 0
    while position < len(text):
        if text[position] in "\r\n\ufeff":
            position += 1
            continue
        if text[position] == signs.comment:
            while position < len(text) and text[position] not in "\r\n":
                position += 1
            continue
        start, cells, malformed, ended = position, [], False, False
        while not ended:
            cell, position, follows, is_open = walk_cell(text, position, signs)
            if is_open:
                return records, True
            cells.append(cell)
            malformed |= follows
            ended = text[position : position + 1] != ","
            position += 1
        records.append(Record(cells, text[start : position - 1], malformed))
    return records, False


def walk_cell(text: str, position: int, signs: Signs) -> tuple[str, int, bool, bool]:
    """Return a cell, where it ends, whether text follows its closing quote, and whether its quote is open."""
    cell = ""
    is_quoted = position < len(text) and text[position] == signs.quote
    if is_quoted:
        position += 1
        while position == len(text) or text[position] != signs.quote or text[position : position + 2] == '""':
            if position == len(text):
                return cell, position, False, True
            taken, position = ('"', position + 2) if text[position] == signs.quote else take(text, position, signs)
            cell += taken
        position += 1
    quoted_length = len(cell)
    while position < len(text) and text[position] not in ",\r\n":
        taken, position = take(text, position, signs)
        cell += taken
    return cell, position, is_quoted and bool(cell[quoted_length:].strip(" \t")), False


def take(text: str, position: int, signs: Signs) -> tuple[str, int]:
    """Return the next character, or what is escaped, and where it ends."""
    if text[position] == signs.escape:
        for escaped in ("\r\n", "\r", "\n", ",", signs.quote, signs.escape):
            if escaped and text.startswith(escaped, position + 1):
                return escaped, position + 1 + len(escaped)
    return text[position], position + 1


def is_unusable(record: Record) -> bool:
    damaged = any("\udc80" <= character <= "\udcff" for cell in record.cells for character in cell)
    return damaged or record.malformed or len(record.cells) != 3 or record.cells == list(HEADER)


def as_row(record: Record, signs: Signs) -> tuple[str | None, ...]:
    """Return a record as row blocks contain it: also with too few or too many cells, or malformed."""
    if record.malformed:
        return (None, None, None)
    if len(record.cells) == 3 and signs.escape:
        return tuple(None if cell in ("", "\\N") else shown(cell) for cell in record.cells)
    row = [*record.cells, "", ""][:3]
    if len(record.cells) > 3:
        row[2] = ",".join(record.cells[2:])
    return tuple(shown(cell) or None for cell in row)


def shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read(
    text: str, signs: Signs = PLAIN, *, chunk_bytes: int, block_rows: int = 3
) -> tuple[list[tuple[object, ...]], dict[int, str], bool]:
    """Read with CsvReader; return the rows, the texts of invalid rows, and whether it stopped at an open quote."""
    data = text.encode("utf-8", "surrogateescape")
    file = SourceFile("x.csv", ".csv", "", len(data), lambda: io.BytesIO(data))
    reader = CsvReader(
        delimiter=",",
        encoding="utf-8",
        header=HEADER,
        block_rows=block_rows,
        chunk_bytes=chunk_bytes,
        **signs._asdict(),
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


@examples(300)
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=60),
    signs=st.sampled_from(
        [PLAIN, Signs(comment="#"), Signs(escape="\\"), Signs(escape="\\", comment="#"), Signs(None, "\\", "#")]
    ),
    chunk_bytes=st.integers(1, 48),
)
@example(pieces=['1,"a\n', "2,b,c\n", '"x"y,z\n'], signs=PLAIN, chunk_bytes=4)
@example(pieces=['\n\ufeff"a\n\ufeffb",2,3\n', "\ufeff\ufeffone,two,three\n"], signs=PLAIN, chunk_bytes=7)
@example(pieces=['1,"5" pipe","a"  ,\n"b" \t\n'], signs=PLAIN, chunk_bytes=48)
@example(pieces=['#"\n1,"a\n#b",2\n# "c'], signs=Signs(comment="#"), chunk_bytes=5)
@example(pieces=['# \\\n1,"a\\"b, \\\\",\\\n#\n#\\'], signs=Signs(escape="\\", comment="#"), chunk_bytes=3)
def test_any_text_gives_the_rows_of_a_simple_reader(pieces: list[str], signs: Signs, chunk_bytes: int) -> None:
    text = "".join(pieces)
    records, open_quote = walk(text, signs)
    if not open_quote and "\ufeff" not in text and signs == PLAIN:
        python = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells]
        assert python == [record.cells for record in records]

    rows, row_errors, stopped = read("\n" + text, signs, chunk_bytes=chunk_bytes)

    expected = [as_row(record, signs) for record in records]
    if signs.escape:
        # At the end of a row with too few or too many cells, Arrow does not show which line end was escaped.
        odd = {index for index, record in enumerate(records) if len(record.cells) != 3}
        rows, expected = (
            [tuple(str(cell).rstrip("\r\n") for cell in row) if index in odd else row for index, row in enumerate(some)]
            for some in (rows, expected)
        )
    assert rows == expected
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
