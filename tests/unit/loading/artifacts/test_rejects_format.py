"""No spreadsheet reads a cell of a rejects file as a formula, and every cell is loaded again unchanged."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.artifacts.rejects_format import (
    ADDED_COLUMNS,
    mark_formulas,
    with_formula_marks,
    without_formula_marks,
)
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.records.texts.names import visible_name
from airflow_provider_clevertap.sources import CsvSource
from tests.support.examples_of_properties import examples

BAD = RowOutcome(Outcome.INVALID, None, "note", "because")
#: texts similar to those that are marked, and any text
TEXTS = st.one_of(
    st.text(alphabet="'=+-@\t\r\n;,\" 15.eEx\uff1d\u0665", max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
#: independent of the package: where a spreadsheet could see the start of a cell, and how a formula starts
FORMULA_STARTS = re.compile(r"(?:^|[;\t\r\n])[ \"]*[=+@\uff1d\uff0b\uff20\uff0d]|(?:^|[;\t\r\n])[ \"]*-(?![0-9])")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("@SUM(1+1)", "'@SUM(1+1)"),
        ("+1+cmd|'/C calc'!A0", "'+1+cmd|'/C calc'!A0"),
        ("-1+cmd|'/C calc'!A0", "'-1+cmd|'/C calc'!A0"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\nx", "'\nx"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        # a spreadsheet that splits at semicolons does so within quotes too
        ("a;=1", "a;'=1"),
        ('a;"=1"', 'a;\'"=1"'),
        ("one\n=2\n-3\n- 4", "one\n'=2\n-3\n'- 4"),
        # an existing apostrophe gets a second one
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        # a spreadsheet would turn it into 9.19812E+11
        ("+919812345678", "'+919812345678"),
    ],
)
def test_what_a_spreadsheet_could_run_is_marked(text: str, cell: str) -> None:
    assert with_formula_marks(text) == cell
    assert without_formula_marks(cell) == text


@pytest.mark.parametrize(
    "text",
    ["", "-5", "-12.50", "-1e-05", "'", "'tis", "O'Neil", "a=b", "a-b", "x@y.zz", "1;2", "a;b", "a\nb", "a;-5", "'-5"],
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert with_formula_marks(text) == text
    assert without_formula_marks(text) == text


@pytest.mark.parametrize("text", ["=1", "+919812345678", "@x", "- 5"])
def test_a_mark_taken_off_by_hand_is_not_missed(text: str) -> None:
    assert without_formula_marks(text) == text


@given(TEXTS)
@examples(200)
def test_every_text_comes_back_and_none_is_a_formula(text: str) -> None:
    cell = with_formula_marks(text)
    assert without_formula_marks(cell) == text
    assert not FORMULA_STARTS.search(cell)
    assert cell.replace("'", "") == text.replace("'", "")


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=20))
def test_a_whole_column_is_marked_like_its_cells(texts: list[str | None]) -> None:
    for many in (texts, texts * 100):
        column = pa.array([None, *many], pa.string()).slice(1)
        assert mark_formulas(column) == [None if text is None else with_formula_marks(text) for text in many]


@pytest.mark.parametrize("piece", ["'", ";", " ", "; ", ";'", "-1", "\n", ";-1"])
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    text = piece * 200_000
    assert without_formula_marks(with_formula_marks(text)) == text


def write(path: Path, columns: dict[str, list[str]], **objects: list[Any]) -> Path:
    rejects = RejectsFile(path)
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    block = RowBlock("people.csv", 1, (*columns, *objects), arrays, objects)
    rejects.write(block, dict.fromkeys(range(len(block)), BAD))
    rejects.publish()
    return path


def read(source: Any) -> list[dict[str, Any]]:
    return [row for block in open_source(source).blocks() for row in block.rows(range(len(block)))]


@given(
    st.lists(
        TEXTS.filter(
            lambda name: name and visible_name(name) == name.strip() == name and name not in ADDED_COLUMNS
        ).filter(lambda name: not set("\0\ufeff") & set(name)),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    st.data(),
)
@examples(50)
def test_a_rejects_file_comes_back_cell_by_cell(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("rejects") / "rejects.csv"
    rows = data.draw(st.lists(st.tuples(*[TEXTS for _ in names]), min_size=1, max_size=4))
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    write(path, columns)
    assert read(path) == [{name: cell or None for name, cell in zip(names, row, strict=True)} for row in rows]
    with path.open(encoding="utf-8", newline="") as stream:
        for cell in (cell for row in csv.reader(stream) for cell in row):
            assert not FORMULA_STARTS.search(cell)


def test_every_cell_of_the_file_is_safe_also_names_reasons_and_typed_values(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    rejects = RejectsFile(path, many_files=True)
    columns = {"=name()": pa.array(["@x"]), "amount": pa.array([-5.5])}
    block = RowBlock("=file.csv", 1, (*columns, "odd"), columns, {"odd": [float("-inf")]})
    rejects.write(block, {0: RowOutcome(Outcome.REJECTED, 512, "=name()", "=their words")})
    rejects.publish()
    with path.open(encoding="utf-8", newline="") as stream:
        header, row = csv.reader(stream)
    assert dict(zip(header, row, strict=True)) == {
        "'=name()": "'@x",
        "amount": "-5.5",
        "odd": "'-inf",
        "clevertap_row": "1",
        "clevertap_outcome": "rejected",
        "clevertap_code": "512",
        "clevertap_field": "'=name()",
        "clevertap_reason": "'=their words",
        "clevertap_file": "'=file.csv",
    }
    assert read(path) == [{"=name()": "@x", "amount": "-5.5", "odd": "-inf"}]


def test_marks_are_made_once_when_the_header_grows(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    rejects = RejectsFile(path)
    for names in (("=a",), ("=a", "+b"), ("@c",)):
        rejects.write(RowBlock("", 1, names, {name: pa.array(["'=1"]) for name in names}), {0: BAD})
    rejects.publish()
    assert read(path) == [
        {"=a": "'=1", "+b": None, "@c": None},
        {"=a": "'=1", "+b": "'=1", "@c": None},
        {"=a": None, "+b": None, "@c": "'=1"},
    ]


def test_a_file_saved_again_with_other_delimiters_is_still_a_rejects_file(tmp_path: Path) -> None:
    written = write(tmp_path / "rejects.csv", {"=a": ["=1"], "b": ["x"]})
    with written.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    path = tmp_path / "saved.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    assert read(CsvSource(path, delimiter=";")) == [{"=a": "=1", "b": "x"}]


def test_an_ordinary_file_keeps_its_apostrophes(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("'=id,clevertap_row,clevertap_reason\n'=1,'+2,x\n")
    assert read(path) == [{"'=id": "'=1"}]


def test_broken_rows_of_a_rejects_file_lose_their_marks_too(tmp_path: Path) -> None:
    path = write(tmp_path / "rejects.csv", {"a": ["=1"], "b": ["=2"]})
    with path.open("a", encoding="utf-8") as stream:
        stream.write("'=3,'=4\n")
    assert read(path) == [{"a": "=1", "b": "=2"}, {"a": "=3", "b": "=4"}]
