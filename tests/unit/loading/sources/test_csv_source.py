"""CSV and TSV files: cells, quotes, encodings, headers and invalid rows."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader
from airflow_provider_clevertap.loading.sources.files.discovery import find_files
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors


def write(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_every_cell_stays_text(tmp_path: Path) -> None:
    path = write(tmp_path, "id,phone,big,exp,flag\n007,+919812345678,1234567890123456789,1e5,true\n")
    assert read_rows(path) == [
        {"id": "007", "phone": "+919812345678", "big": "1234567890123456789", "exp": "1e5", "flag": "true"}
    ]
    block = next(iter(open_source(path).blocks()))
    assert {column.type for column in block.columns.values()} == {pa.string()}


def test_null_words_are_text_and_only_empty_cells_are_empty(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b,c,d,e\nNA,null,NaN,,""\n')
    assert read_rows(path) == [{"a": "NA", "b": "null", "c": "NaN", "d": None, "e": None}]


def test_quoted_delimiters_line_ends_and_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n"x, y","line 1\nline 2"\n"He wrote ""hi""",z\n')
    assert read_rows(path) == [{"a": "x, y", "b": "line 1\nline 2"}, {"a": 'He wrote "hi"', "b": "z"}]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines(tmp_path: Path, line_end: str) -> None:
    path = write(tmp_path, line_end.join(["", "a,b", "1,2", "", "", ",", "3,4", ""]))
    assert read_rows(path) == [{"a": "1", "b": "2"}, {"a": None, "b": None}, {"a": "3", "b": "4"}]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    assert read_rows(write(tmp_path, "a,b\n1,2")) == [{"a": "1", "b": "2"}]
    assert read_rows(write(tmp_path, 'a,b\n1,"2"')) == [{"a": "1", "b": "2"}]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffid,name\n1,é\n")
    assert read_rows(path) == read_rows(CsvSource(path, encoding="utf-8-sig")) == [{"id": "1", "name": "é"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "shift_jis"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "id,name\n" + "".join(f"{number},ソ表\n" for number in range(40_000))
    if encoding == "cp1252":
        text = text.replace("ソ表", "Zoë €")
    path = write(tmp_path, text.encode(encoding))
    rows = read_rows(CsvSource(path, encoding=encoding))
    assert [row["id"] for row in rows] == [str(number) for number in range(40_000)]
    assert {row["name"] for row in rows} == {text.split("\n")[1].split(",")[1]}


def test_utf16_that_is_not_declared_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="encoding='utf-16'"):
        read_rows(write(tmp_path, "id\n1\n".encode("utf-16")))
    with pytest.raises(SourceError, match="NUL bytes"):
        read_rows(write(tmp_path, "id\n1\n".encode("utf-16-le")))


def test_bytes_invalid_in_the_encoding_make_the_row_invalid_and_are_shown(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,name\n1,ok\n2,Zo\xeb\n3,ok\n")
    rows = read_with_errors(path)
    assert [row for row, _ in rows] == [
        {"id": "1", "name": "ok"},
        {"id": "2", "name": "Zo\\xeb"},
        {"id": "3", "name": "ok"},
    ]
    assert [number for number, (_, fault) in enumerate(rows) if fault] == [1]
    assert rows[1][1] is not None
    assert rows[1][1].column == "name"
    assert "encoding" in rows[1][1].reason
    assert "Zo" not in rows[1][1].reason
    assert read_rows(CsvSource(path, encoding="cp1252"))[1] == {"id": "2", "name": "Zoë"}


def test_an_undefined_byte_of_a_declared_encoding_makes_only_its_row_invalid(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,name\n1,Zo\xeb\n2,\x81\n")
    source = CsvSource(path, encoding="cp1252")
    assert [row["name"] for row in read_rows(source)] == ["Zoë", "\\x81"]
    assert list(read_row_errors(source)) == [2]
    assert "cp1252" in read_row_errors(source)[2].reason


def test_text_that_is_invalid_in_utf16(tmp_path: Path) -> None:
    path = write(tmp_path, "id\nabc\n".encode("utf-16") + b"\x00\xdc" * 2)
    with pytest.raises(SourceError, match="the file is not utf-16"):
        read_rows(CsvSource(path, encoding="utf-16"))


def test_invalid_bytes_among_invalid_rows(tmp_path: Path) -> None:
    path = write(tmp_path, b'a,b\n1,\xff,3\n4,"x\ny\xfe"\n5\n6,7\n')
    rows = read_with_errors(path)
    assert [tuple(row.values()) for row, _ in rows] == [
        ("1", "\\xff,3"),
        ("4", "x\ny\\xfe"),
        ("5", None),
        ("6", "7"),
    ]
    assert [bool(fault) for _, fault in rows] == [True, True, True, False]


def test_a_header_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"header is not valid utf-8.*encoding"):
        read_rows(write(tmp_path, "id,prénom\n1,x\n".encode("cp1252")))


def test_rows_with_too_few_or_too_many_cells_keep_their_number_and_cells(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b,c\n1,2,3\n4,5\n\n6,"7,7",8,9,10\n11,12,13\n')
    rows = read_with_errors(path)
    assert [tuple(row.values()) for row, _ in rows] == [
        ("1", "2", "3"),
        ("4", "5", None),
        ("6", "7,7", "8,9,10"),
        ("11", "12", "13"),
    ]
    reasons = {number: fault.reason for number, fault in read_row_errors(path).items()}
    assert list(reasons) == [2, 3]
    assert "2 cells where the header has 3" in reasons[2]
    assert "5 cells where the header has 3" in reasons[3]


def test_a_file_of_invalid_rows_only(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2,3\n" * 5_000)
    assert len(read_row_errors(path)) == 5_000


def test_an_inch_sign_is_not_a_quote(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,what\n1,5" pipe\n2,"a 3"" pipe"\n3,pipe 7"\n')
    assert [row["what"] for row in read_rows(path)] == ['5" pipe', 'a 3" pipe', 'pipe 7"']
    assert not read_row_errors(path)


def test_a_stray_quote_that_swallows_lines_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,what\n1,a\n2,"oops\n3,b\n4,"c" d\n5,e\n')
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
    path = write(tmp_path, "\r\n".join(lines))
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
    path = write(tmp_path, "id,what\n" + text)
    found = read_with_errors(path)
    assert [row["id"] for row, _ in found] == [
        str(number) if number % 7 in (0, 3, 4) else None for number in range(70_000) if number % 7 not in (2, 5)
    ]
    assert [error.text for _, error in found if error] == [
        rows[number % 7] % number for number in range(70_000) if number % 7 in (1, 6)
    ]


def test_a_header_with_text_after_a_closing_quote(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the header is malformed: text follows a closing quote"):
        read_rows(write(tmp_path, 'id,"na"me\n1,2\n'))


def test_an_unclosed_quote_stops_the_load_after_the_rows_before_it(tmp_path: Path) -> None:
    path = write(tmp_path, "id,what\n1,a\n2,b\n" + '3,"c\n' + "4,d\n" * 1000)
    seen = []
    with pytest.raises(SourceError, match="row 3 is never closed"):
        seen += [len(block) for block in open_source(path).blocks()] or [0]
    blocks = open_source(path).blocks()
    assert [row["id"] for row in next(blocks).rows(range(2))] == ["1", "2"]
    assert len(read_rows(CsvSource(path, quote=None))) == 1003


def test_a_record_without_end_is_an_error_at_the_maximum_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "id,what\n1,a\n2," + '"' + "x\n" * 40_000_000)
    with pytest.raises(SourceError, match="row 2 is never closed"):
        read_rows(path)


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    cell = "line\n" * 2_000_000
    path = write(tmp_path, f'id,what,x\n1,a,b\n2,"{cell}",c\n3,d,e\n')
    rows = read_rows(path)
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["what"] == cell


def test_a_header_alone_is_a_source_with_no_rows(tmp_path: Path) -> None:
    for content in ("a,b\n", "a,b", '"a",b\r\n\r\n'):
        blocks = list(open_source(write(tmp_path, content)).blocks())
        assert [(len(block), block.names) for block in blocks] == [(0, ("a", "b"))]
        assert {column.type for column in blocks[0].columns.values()} == {pa.string()}


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n\n"])
def test_a_file_without_a_header(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SourceError, match=r"empty|no header"):
        read_rows(write(tmp_path, content))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b,a,c,b", "more than once: 'a', 'b'"),
        (",", "only blank cells"),
        ("clevertap_row,clevertap_code", "rejects file"),
    ],
)
def test_headers_that_no_mapping_can_use(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_rows(write(tmp_path, f"{header}\n1,2,3,4,5\n"))


def test_quoted_header_names_may_hold_anything(tmp_path: Path) -> None:
    path = write(tmp_path, '"a, b","c\nd", e \n1,2,3\n')
    assert read_rows(path) == [{"a, b": "1", "c\nd": "2", " e ": "3"}]


def test_a_rejects_file_can_be_loaded_again(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "id,name,clevertap_row,clevertap_outcome,clevertap_code,clevertap_field,clevertap_reason,clevertap_file\n"
        "1,x,7,invalid,,name,because,people.csv\n2,y\n3,z,8,invalid,,,,people.csv,surplus\n",
    )
    rows = read_with_errors(path)
    assert [row for row, _ in rows] == [
        {"id": "1", "name": "x"},
        {"id": "2", "name": "y"},
        {"id": "3", "name": "z,surplus"},
    ]
    assert [bool(fault) for _, fault in rows] == [False, True, True]


def test_delimiters(tmp_path: Path) -> None:
    assert read_rows(write(tmp_path, "a\tb\n1,5\t2\n", "x.tsv")) == [{"a": "1,5", "b": "2"}]
    semicolons = write(tmp_path, "a;b\n1,5;2\n")
    assert read_rows(CsvSource(semicolons, delimiter=";")) == [{"a": "1,5", "b": "2"}]
    with pytest.raises(SourceError, match="delimiter=';'"):
        read_rows(semicolons)
    assert read_rows(CsvSource(write(tmp_path, "a;b\n1\n"), delimiter=",")) == [{"a;b": "1"}]


def test_a_file_without_a_header_line(tmp_path: Path) -> None:
    path = write(tmp_path, "1,x\n2,y\n")
    assert read_rows(CsvSource(path, header=["id", "name"])) == [{"id": "1", "name": "x"}, {"id": "2", "name": "y"}]


@pytest.mark.parametrize(
    "arguments",
    [
        {"delimiter": ";;"},
        {"delimiter": "\n"},
        {"quote": "«"},
        {"delimiter": '"'},
        {"encoding": "utf-9"},
        {"encoding": "hex"},
        {"header": "a,b"},
    ],
)
def test_arguments_that_cannot_be_used(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        open_source(CsvSource(write(tmp_path, "a\n1\n"), **arguments))


@pytest.mark.parametrize("chunk_bytes", [1, 8, 1 << 20])
def test_byte_order_marks_before_records_are_dropped(tmp_path: Path, chunk_bytes: int) -> None:
    path = write(tmp_path, "a,b\n" + "\ufeffx,1\n" * 30 + '\ufeff\ufeff"\ufeffy\n\ufeff, z",2\r\n\r\n\ufeff\n')
    (file,) = find_files([path])
    reader = CsvReader(delimiter=None, quote='"', encoding="utf-8", header=None, block_rows=9, chunk_bytes=chunk_bytes)
    values = [row["a"] for block in reader.read(file) for row in block.rows(range(len(block)))]
    assert values == ["x"] * 30 + ["\ufeffy\n\ufeff, z"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("compression", ["", ".gz"])
def test_a_file_put_together_from_parts(tmp_path: Path, encoding: str, compression: str) -> None:
    parts = ["\ufeffid,name\n1,A\n", '\ufeff"id",name\r\n2,B\r\n', "id,name\n", "\ufeff3,id\n", "id,name"]
    compress = gzip.compress if compression else bytes
    path = write(tmp_path, b"".join(compress(part.encode(encoding)) for part in parts), f"people.csv{compression}")
    rows = read_with_errors(CsvSource(path, encoding=encoding))
    assert [row["id"] for row, _ in rows] == ["1", "id", "2", "id", "3", "id"]
    assert ["header again" in error.reason if error else None for _, error in rows] == [None, True] * 3


def test_a_row_is_the_header_again_only_if_all_of_its_cells_are(tmp_path: Path) -> None:
    path = write(tmp_path, "id,name,city\nid,name,\nid,Name,city\nid,name,city,\nid,name\nid,name,city\n")
    assert ["header again" in error.reason for error in read_row_errors(path).values()] == [False, False, True]
    assert read_row_errors(CsvSource(write(tmp_path, "id\n1\n"), header=["id"]))[1].reason.startswith("this row is")


def test_blocks_are_bounded_and_the_same_each_time(tmp_path: Path) -> None:
    path = write(tmp_path, "id,text\n" + "".join(f"{number},{'x' * (number % 90)}\n" for number in range(60_000)))
    compressed = write(tmp_path, gzip.compress(path.read_bytes()), "people.csv.gz")
    source = open_source(path, block_rows=1000)
    first, again, other = (
        [(block.first_row, len(block)) for block in opened.blocks()]
        for opened in (source, source, open_source(compressed, block_rows=1000))
    )
    assert first == again == other
    assert max(rows for _, rows in first) == 1000
    assert sum(rows for _, rows in first) == 60_000


def test_progress_goes_from_0_to_1(tmp_path: Path) -> None:
    path = write(tmp_path, "id,text\n" + "1,some text or other\n" * 800_000)
    source = open_source(path)
    assert source.progress() == 0
    shares = [source.progress() for _ in source.blocks()]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert source.progress() == 1
