"""Names of columns are what people see, in every kind of source."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import MappingError, SourceError
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.source_reading import read_row_errors, read_rows

COMPOSED, DECOMPOSED = unicodedata.normalize("NFC", "prénom"), unicodedata.normalize("NFD", "prénom")
#: Names as sources have them, and as people see them.
NAMES = {
    "id": "id",
    "\u200bEmail": "Email",
    DECOMPOSED: COMPOSED,
    "First\u00a0Name": "First Name",
    "\u3000City\u200f": "City",
    "Ti\u00ader": "Tier",
    " kept ": " kept ",
    "क्\u200dष": "क्\u200dष",
}


def csv(path: Path, columns: dict[str, str]) -> Any:
    path.write_text(",".join(columns) + "\n" + ",".join(columns.values()) + "\n")
    return path


def json_lines(path: Path, columns: dict[str, str]) -> Any:
    path = path.with_suffix(".jsonl")
    path.write_text(json.dumps({"first": 1}) + "\n" + json.dumps(columns) + "\n")
    return path


def parquet_file(path: Path, columns: dict[str, str]) -> Any:
    path = path.with_suffix(".parquet")
    parquet.write_table(pa.table({name: [value] for name, value in columns.items()}), path)
    return path


FIXED: dict[str, Callable[[Path, dict[str, str]], Any]] = {
    "csv": csv,
    "parquet": parquet_file,
    "pandas": lambda _, columns: pd.DataFrame([columns]),
    "polars": lambda _, columns: pl.DataFrame([columns]),
    "arrow": lambda _, columns: pa.Table.from_pylist([columns]),
}


@pytest.mark.parametrize("make", [*FIXED.values(), json_lines], ids=[*FIXED, "json lines"])
def test_columns_have_the_names_that_people_see(tmp_path: Path, make: Callable[..., Any]) -> None:
    source = make(tmp_path / "a.csv", {name: str(number) for number, name in enumerate(NAMES)})
    row = read_rows(source)[-1]
    assert {name: row[name] for name in NAMES.values()} == {
        name: str(number) for number, name in enumerate(NAMES.values())
    }


@pytest.mark.parametrize("make", FIXED.values(), ids=FIXED)
def test_two_names_that_look_the_same_are_shown_with_what_differs(tmp_path: Path, make: Callable[..., Any]) -> None:
    with pytest.raises(SourceError, match=r"look the same: 'Email', '\\u200bEmail', 'pr\\xe9nom', 'pre\\u0301nom'"):
        read_rows(make(tmp_path / "a.csv", dict.fromkeys(["Email", "\u200bEmail", COMPOSED, DECOMPOSED], "x")))


def test_two_keys_of_one_line_that_look_the_same_make_it_invalid(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "a.jsonl", {"Email": "x", "\u200bEmail": "y"})
    ((number, error),) = read_row_errors(path).items()
    assert number == 2
    assert "look the same" in error.reason
    assert error.text == '{"Email":"x","\u200bEmail":"y"}'


def test_parts_of_a_load_may_spell_a_name_in_both_forms(tmp_path: Path) -> None:
    frames = [pd.DataFrame({"id": ["1"], COMPOSED: ["x"]}), pd.DataFrame({DECOMPOSED: ["y"], "id": ["2"]})]
    assert read_rows(frames) == [{"id": "1", COMPOSED: "x"}, {"id": "2", COMPOSED: "y"}]
    files = [
        csv(tmp_path / "a.csv", {"id": "1", COMPOSED: "x"}),
        csv(tmp_path / "b.csv", {"\ufeff\u200bid": "2", DECOMPOSED: "y"}),
    ]
    assert read_rows(files) == [{"id": "1", COMPOSED: "x"}, {"id": "2", COMPOSED: "y"}]


def test_a_header_cell_of_invisible_characters_has_no_name(tmp_path: Path) -> None:
    (block,) = (
        block for block in open_source(csv(tmp_path / "a.csv", {"id": "1", "\u200b\u00a0": "x"})).blocks() if len(block)
    )
    assert block.names == ("id", "")


def test_a_header_with_invisible_characters_is_recognised_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"\u200bid,{DECOMPOSED}\n1,x\n" * 2)
    assert list(read_row_errors(path)) == [2]


def test_a_mapping_names_columns_as_people_see_them() -> None:
    assert list(parse_columns({DECOMPOSED: "Name", "\u200bid": "identity"})) == [COMPOSED, "id"]
    with pytest.raises(MappingError, match="'prénom' is named twice"):
        parse_columns({DECOMPOSED: "Name", COMPOSED: "Nick"})
