"""Options of ``CsvSource``: lines that are not rows, the header's line, escapes, comments, columns without a name."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource
from tests.support.examples_of_properties import examples
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors

PEOPLE = [{"id": "1", "name": "A"}, {"id": "2", "name": "B"}]


def source(folder: Path, content: str | bytes, name: str = "people.csv", **options: Any) -> CsvSource:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return CsvSource(path, **options)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("lines", "options"),
    [
        (['Report "people', "", "of 2026,x", "id,name", "1,A", "", "2,B"], {"skip_rows": 3}),
        (['Report "people', "", "of 2026,x", "id,name", "1,A", "2,B"], {"header_row": 4}),
        (["", "x", "", "", "id,name", "1,A", "2,B"], {"skip_rows": 2}),
        (["id,name", "Which id?,Whose name?", '{"ImportId":"QID1"}', "1,A", "2,B"], {"header_row": 1, "skip_rows": 3}),
        (["x", '"id",name', 'units "', "", "1,A", "2,B"], {"header_row": 2, "skip_rows": 3}),
        (["x", "id,name", "1,A", "2,B"], {"header_row": 2, "skip_rows": 1}),
        (["x", "y,", "1,A", "2,B"], {"header": ["id", "name"], "skip_rows": 2}),
        (["#x", "", "#y", "id,name", '#"', "1,A", "2,B", "# end"], {"comment": "#"}),
        (["x", "#y", "id,name", "1,A", "2,B"], {"comment": "#", "skip_rows": 1}),
        (["#id", "id,name", "1,A", "#2,C", "2,B"], {"comment": "#", "header_row": 2}),
    ],
)
def test_lines_that_are_no_rows(tmp_path: Path, lines: list[str], line_end: str, options: dict[str, Any]) -> None:
    text = line_end.join(lines)
    assert read_rows(source(tmp_path, text, **options)) == PEOPLE
    assert read_rows(source(tmp_path, text.encode("utf-16"), encoding="utf-16", **options)) == PEOPLE
    assert read_rows(source(tmp_path, gzip.compress(text.encode()), "a.csv.gz", **options)) == PEOPLE
    files = source(tmp_path, text, "b-2.txt", **options)
    files.path = [files.path, source(tmp_path, text, "b-1.txt").path]
    assert read_rows(files) == PEOPLE * 2


@examples(200)
@given(
    before=st.lists(st.sampled_from(["", "a", '"', "x,y", "#", '"a\\"', "é"]), max_size=4),
    between=st.lists(st.sampled_from(["", "b", '"', "#", '"x"y']), max_size=3),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    chunk_bytes=st.integers(1, 30),
)
def test_lines_are_counted_as_an_editor_counts_them(
    before: list[str], between: list[str], line_end: str, chunk_bytes: int
) -> None:
    header = f'"i{line_end}d",name'
    text = line_end.join([*before, header, *between, "1,A", "2,B"]).encode()
    reader = CsvReader(
        delimiter=None,
        quote='"',
        encoding="utf-8",
        header=None,
        header_row=len(before) + 1,
        skip_rows=len(before) + 2 + len(between) if between else 0,
        block_rows=10,
        chunk_bytes=chunk_bytes,
    )
    blocks = list(reader.read(SourceFile("x.csv", ".csv", "", len(text), lambda: io.BytesIO(text))))
    rows = [row for block in blocks for row in block.rows(range(len(block)))]
    assert blocks[1].first_row == 1
    assert [tuple(row.items()) for row in rows] == [
        ((f"i{line_end}d", "1"), ("name", "A")),
        ((f"i{line_end}d", "2"), ("name", "B")),
    ]


def test_rows_keep_their_numbers_after_lines_that_are_no_rows(tmp_path: Path) -> None:
    lines = ["report", "# x", "id,name", "# y", "1,A", "", "# z", "2,B,C", '3,"D"E']
    errors = read_row_errors(source(tmp_path, "\n".join(lines), skip_rows=1, comment="#"))
    assert list(errors) == [2, 3]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a\n1\n", {"header_row": 3}, "header_row=3, and the file has only 2 lines"),
        ("a\n1", {"header_row": 9}, "header_row=9, and the file has only 2 lines"),
        ("a\n\nb\n", {"header_row": 2}, "header_row=2, and line 2 is blank"),
        ("a\n#b\n", {"header_row": 2, "comment": "#"}, "header_row=2, and line 2 is a comment"),
        ("a\nb\n", {"skip_rows": 2}, "no header after the first 2 lines"),
        ("a\nb\n\n\n", {"skip_rows": 10}, "no header after the first 4 lines"),
        ("#a\n#b", {"comment": "#"}, "there is no header, only blank lines and comments"),
        (",,\na,b,c\n", {}, "only blank cells.*header_row"),
    ],
)
def test_files_whose_header_is_not_where_it_should_be(
    tmp_path: Path, content: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        read_rows(source(tmp_path, content, **options))


def test_a_file_may_end_before_its_first_row(tmp_path: Path) -> None:
    assert read_rows(source(tmp_path, "a\nb\n", header=["id"], skip_rows=5)) == []
    assert read_rows(source(tmp_path, "id,name\nunits\n", header_row=1, skip_rows=5)) == []


@pytest.mark.parametrize(
    "options",
    [
        {"skip_rows": -1},
        {"skip_rows": "3"},
        {"skip_rows": True},
        {"skip_rows": 1.0},
        {"header_row": 0},
        {"header_row": 1, "header": ["a"]},
        {"escape": "\\\\"},
        {"escape": ","},
        {"escape": '"'},
        {"escape": "\n"},
        {"escape": 5},
        {"comment": "//"},
        {"comment": ""},
        {"comment": "é"},
        {"comment": ","},
        {"comment": "#", "escape": "#"},
        {"comment": '"'},
        {"comment": ";", "delimiter": ";"},
    ],
)
def test_options_that_cannot_be_used(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        open_source(source(tmp_path, "a\n1\n", **options))


def test_the_tab_of_a_tsv_file_is_no_comment(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="delimiter and comment are the same character"):
        open_source(source(tmp_path, "a\n1\n", "a.tsv", comment="\t"))


def test_escapes(tmp_path: Path) -> None:
    lines = [
        '1,"He wrote \\"hi\\", then left"',
        '2,"a \\\\",',
        "3,C:\\new\\,\\ x",
        '4,\\"quoted\\"',
        "5,two\\\nlines\\\r\nand more",
        '6,"two ""\\\n""',
        '"',
        '7,"ends with \\\\"',
        "8,\\N",
        "9,\\",
    ]
    text = "id,na\\,me\n" + "\n".join(lines).replace('",\n3', '"\n3')
    assert [tuple(row.values()) for row in read_rows(source(tmp_path, text, escape="\\"))] == [
        ("1", 'He wrote "hi", then left'),
        ("2", "a \\"),
        ("3", "C:\\new,\\ x"),
        ("4", '"quoted"'),
        ("5", "two\nlines\r\nand more"),
        ("6", 'two "\n"\n'),
        ("7", "ends with \\"),
        ("8", None),
        ("9", "\\"),
    ]
    assert open_source(source(tmp_path, text, escape="\\")).blocks().__next__().names == ("id", "na,me")


def test_a_dump_of_mysql(tmp_path: Path) -> None:
    dump = b'1\tA "B" C\n2\t\\N\n3\ttab\\\tand\\\nline \\\\ "\n\\N\t\\\\N\n'
    described = source(tmp_path, dump, delimiter="\t", quote=None, escape="\\", header=["id", "name"])
    assert [tuple(row.values()) for row in read_rows(described)] == [
        *[("1", 'A "B" C'), ("2", None), ("3", 'tab\tand\nline \\ "'), (None, None)]
    ]


def test_another_escape_than_the_backslash(tmp_path: Path) -> None:
    described = source(tmp_path, 'id,name\n1,"say ^"hi^", ^^ ^x \\N"\n2,\\N\n', escape="^")
    assert [row["name"] for row in read_rows(described)] == ['say "hi", ^ ^x \\N', "\\N"]


def test_malformed_and_invalid_rows_of_a_file_with_escapes(tmp_path: Path) -> None:
    text = b'id,name\n1,"a\\"b"c\n2,a\\,b,c\n3,\xff\\"\n4,d\\\n'
    found = read_with_errors(source(tmp_path, text, escape="\\"))
    assert [tuple(row.values()) for row, _ in found] == [*[(None, None), ("2", "a,b,c"), ("3", '\\xff"'), ("4", "d\n")]]
    errors = [error and (error.text, error.reason[:9]) for _, error in found]
    assert errors == [('1,"a\\"b"c', "text foll"), ("", "the row h"), ("", "a cell is"), None]


def test_the_reason_of_a_malformed_row_names_the_escape_only_where_it_helps(tmp_path: Path) -> None:
    errors = read_row_errors(source(tmp_path, 'id,name\n1,"5\\" pipe"\n2,"5" pipe"\n'))
    assert ["CsvSource(path, escape='\\\\')" in error.reason for error in errors.values()] == [True, False]


def test_comments_within_quotes_and_after_the_start_of_a_line_are_text(tmp_path: Path) -> None:
    described = source(tmp_path, '#\n#id,name\nid,name\n1,"a\n#b"\n2,#c\n "#\n#"\n#3,d\n"#4",e', comment="#")
    found = read_with_errors(described)
    assert [tuple(row.values()) for row, _ in found] == [("1", "a\n#b"), ("2", "#c"), (' "#', None), ("#4", "e")]


@pytest.mark.parametrize("header", ["id,,name, ,", '"id","",name,\t,""'])
def test_columns_without_a_name_are_kept_apart(tmp_path: Path, header: str) -> None:
    (block,) = (block for block in open_source(source(tmp_path, f"{header}\n1,x,A,,y\n")).blocks() if len(block))
    assert block.names == ("id", "", "name", " ", "  ")
    assert block.rows([0]) == [{"id": "1", "": "x", "name": "A", " ": None, "  ": "y"}]
    assert not block.row_errors


def test_a_header_with_a_column_without_a_name_is_recognised_again(tmp_path: Path) -> None:
    errors = read_row_errors(source(tmp_path, "id,,name,\n1,,A,\nid,,name,\nid,x,name,\n"))
    assert list(errors) == [2]


def test_columns_without_a_name_in_several_files(tmp_path: Path) -> None:
    files = source(tmp_path, "id,,name\n1,x,A\n", "a.csv")
    files.path = [files.path, source(tmp_path, "name,id, \nB,2,y\n", "b.csv").path]
    assert [tuple(row.values()) for row in read_rows(files)] == [("1", "x", "A"), ("2", "y", "B")]


@pytest.mark.parametrize("option", [{"skip_rows": 1}, {"header_row": 1}, {"escape": "\\"}, {"comment": "#"}])
def test_a_changed_option_changes_the_fingerprint(tmp_path: Path, option: dict[str, Any]) -> None:
    plain, changed = source(tmp_path, "id\n1\n"), source(tmp_path, "id\n1\n", **option)
    assert open_source(plain).fingerprint() == open_source(CsvSource(plain.path)).fingerprint()
    assert open_source(plain).fingerprint() != open_source(changed).fingerprint()
    assert repr(changed).endswith(f", {next(iter(option))}={next(iter(option.values()))!r})")
