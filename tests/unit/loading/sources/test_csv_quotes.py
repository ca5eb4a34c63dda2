"""Quotes in CSV files: cells with delimiters and line ends, and rows that cannot be divided into cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors, write_csv


def test_quoted_delimiters_line_ends_and_quotes(tmp_path: Path) -> None:
    path = write_csv(tmp_path, 'a,b\n"x, y","line 1\nline 2"\n"He wrote ""hi""",z\n')
    assert read_rows(path) == [{"a": "x, y", "b": "line 1\nline 2"}, {"a": 'He wrote "hi"', "b": "z"}]


def test_an_inch_sign_is_not_a_quote(tmp_path: Path) -> None:
    path = write_csv(tmp_path, 'id,what\n1,5" pipe\n2,"a 3"" pipe"\n3,pipe 7"\n')
    assert [row["what"] for row in read_rows(path)] == ['5" pipe', 'a 3" pipe', 'pipe 7"']
    assert not read_row_errors(path)


def test_a_stray_quote_that_swallows_lines_is_reported(tmp_path: Path) -> None:
    path = write_csv(tmp_path, 'id,what\n1,a\n2,"oops\n3,b\n4,"c" d\n5,e\n')
    assert [row["id"] for row in read_rows(path)] == ["1", None, "5"]
    ((number, error),) = read_row_errors(path).items()
    assert number == 2
    assert "2 lines" in error.reason
    assert error.text == '2,"oops\n3,b\n4,"c" d'


def test_text_after_a_closing_quote_makes_its_row_invalid(tmp_path: Path) -> None:
    lines = [
        "id,what",
        '1,"He wrote \\"hi\\" ok"',
        '2,"5" pipe"',
        '3,"a"b"c"',
        '4,"x""y"',
        '5,"a, b" ',
        '6,5" pipe',
        '"7" x,y',
        '8,"z"',
    ]
    path = write_csv(tmp_path, "\r\n".join(lines))
    nothing = (None, None)
    assert [tuple(row.values()) for row in read_rows(path)] == [
        *[nothing, nothing, nothing, ("4", 'x"y'), ("5", "a, b "), ("6", '5" pipe'), nothing, ("8", "z")]
    ]
    errors = read_row_errors(path)
    assert {number: error.text for number, error in errors.items()} == {row: lines[row] for row in (1, 2, 3, 7)}
    assert all("twice" in error.reason for error in errors.values())


def test_many_malformed_rows_are_found_among_blank_lines_and_quoted_lines(tmp_path: Path) -> None:
    rows = ['%d,"a\n\nb"', '%d,"a"b', "", '%d,"x, ""y"""', "%d,c", "\n", '"%d"d,"e"f']
    text = "\n".join(
        (rows[number % 7] + " ").rstrip() % ((number,) if "%" in rows[number % 7] else ()) for number in range(70_000)
    )
    path = write_csv(tmp_path, "id,what\n" + text)
    found = read_with_errors(path)
    assert [row["id"] for row, _ in found] == [
        str(number) if number % 7 in (0, 3, 4) else None for number in range(70_000) if number % 7 not in (2, 5)
    ]
    assert [error.text for _, error in found if error] == [
        rows[number % 7] % number for number in range(70_000) if number % 7 in (1, 6)
    ]


def test_a_header_with_text_after_a_closing_quote(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the header is malformed: text follows a closing quote"):
        read_rows(write_csv(tmp_path, 'id,"na"me\n1,2\n'))


def test_an_unclosed_quote_stops_the_load_after_the_rows_before_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id,what\n1,a\n2,b\n" + '3,"c\n' + "4,d\n" * 1000)
    seen = []
    with pytest.raises(SourceError, match="row 3 is never closed"):
        seen += [len(block) for block in open_source(path).blocks()] or [0]
    blocks = open_source(path).blocks()
    assert [row["id"] for row in next(blocks).rows(range(2))] == ["1", "2"]
    assert len(read_rows(CsvSource(path, quote=None))) == 1003


def test_a_record_without_end_is_an_error_at_the_maximum_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path, "id,what\n1,a\n2," + '"' + "x\n" * 40_000_000)
    with pytest.raises(SourceError, match="row 2 is never closed"):
        read_rows(path)


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    cell = "line\n" * 2_000_000
    path = write_csv(tmp_path, f'id,what,x\n1,a,b\n2,"{cell}",c\n3,d,e\n')
    rows = read_rows(path)
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["what"] == cell


def test_quoted_header_names_may_hold_anything(tmp_path: Path) -> None:
    path = write_csv(tmp_path, '"a, b","c\nd", e \n1,2,3\n')
    assert read_rows(path) == [{"a, b": "1", "c\nd": "2", " e ": "3"}]
