"""The rejects file has every failed row unchanged, and can be loaded again."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.artifacts.rejects_format import FILE_COLUMN, OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock

BAD_MAIL = RowOutcome(Outcome.INVALID, 515, "mail", "mail: not an e-mail address")


def block(columns: dict[str, list[str | None]], file: str = "a.csv", first_row: int = 1, **objects: Any) -> RowBlock:
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return RowBlock(file, first_row, (*columns, *objects), arrays, objects)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_row_is_written_unchanged_with_its_outcome(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rejects.csv"
    rejects = RejectsFile(path)
    rows = block({"id": ["1", "2"], "mail": ["ok@x.yz", 'a"b,\nc\r'], "note": [None, "éß😀"]}, first_row=41)
    rejects.write(rows, {1: BAD_MAIL})
    rejects.publish()
    assert rejects.path == str(path)
    assert read_csv(path) == [
        {
            "id": "2",
            "mail": 'a"b,\nc\r',
            "note": "éß😀",
            "clevertap_row": "42",
            "clevertap_outcome": "invalid",
            "clevertap_code": "515",
            "clevertap_field": "mail",
            "clevertap_reason": "mail: not an e-mail address",
        }
    ]


def test_no_failed_row_no_file_and_an_old_one_is_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("from an earlier attempt")
    rejects = RejectsFile(path)
    rejects.publish()
    assert rejects.path is None
    assert path.read_text() == "from an earlier attempt"
    rejects.remove_earlier()
    assert not path.exists()


def test_several_files_with_other_columns_share_one_rejects_file(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    rejects = RejectsFile(path, many_files=True)
    rejects.write(block({"id": ["1"], "mail": ["x" * 200_000]}), {0: BAD_MAIL})
    rejects.write(block({"id": ["2"], "city": ["Pune"]}, file="b.csv"), {0: BAD_MAIL})
    rejects.write(block({"id": ["3"], "mail": ["y"]}), {0: BAD_MAIL})
    rejects.publish()
    header = path.read_text().splitlines()[0].split(",")
    assert header == ["id", "mail", "city", *OUTCOME_COLUMNS, FILE_COLUMN]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv, "field_size_limit", csv.field_size_limit)
        csv.field_size_limit(1_000_000)
        rows = read_csv(path)
    assert [(row["id"], row["mail"][:1], row["city"], row[FILE_COLUMN]) for row in rows] == [
        ("1", "x", "", "a.csv"),
        ("2", "", "Pune", "b.csv"),
        ("3", "y", "", "a.csv"),
    ]


def test_nested_rows_are_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    rejects = RejectsFile(path, nested=True)
    seen = datetime(2026, 1, 2, 3, tzinfo=UTC)
    rejects.write(block({"id": ["1"]}, tags=[["a", "b"]], seen=[seen], raw=[b"\x00\xff"]), {0: BAD_MAIL})
    rejects.publish()
    (row,) = map(json.loads, path.read_text().splitlines())
    assert row["tags"] == ["a", "b"]
    assert row["seen"] == "2026-01-02T03:00:00+00:00"
    assert row["raw"] == "AP8="
    assert row["clevertap_code"] == 515


def test_typed_values_are_written_as_a_csv_source_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    rejects = RejectsFile(path)
    day = datetime(2026, 1, 2, tzinfo=UTC).date()
    rejects.write(block({}, id=[7], flag=[True], day=[day], tags=[["a"]], amount=[1.5], nothing=[None]), {0: BAD_MAIL})
    rejects.publish()
    (row,) = read_csv(path)
    assert (row["id"], row["flag"], row["day"], row["tags"], row["amount"], row["nothing"]) == (
        "7", "true", "2026-01-02", '["a"]', "1.5", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, -5, 2**63 - 1, -(2**63), None], pa.int64()),
        ([0, 2**64 - 1], pa.uint64()),
        ([True, False, None], pa.bool_()),
        ([date(1, 1, 1), date(1969, 12, 31), date(9999, 12, 31), None], pa.date32()),
    ],
)
def test_typed_columns_are_written_as_their_values(tmp_path: Path, values: list[Any], kind: pa.DataType) -> None:
    written = []
    columns, objects = {"x": pa.array(values, kind)}, {"x": values}
    for rows in (RowBlock("", 1, ("x",), columns), RowBlock("", 1, ("x",), {}, objects)):
        rejects = RejectsFile(tmp_path / "rejects.csv")
        rejects.write(rows, dict.fromkeys(range(len(values)), BAD_MAIL))
        rejects.publish()
        written.append([row["x"] for row in read_csv(tmp_path / "rejects.csv")])
    assert written[0] == written[1]


def test_anywhere_fsspec_reaches() -> None:
    place = "memory://rejects-test/deep/rejects.csv"
    rejects = RejectsFile(place)
    rejects.write(block({"id": ["1"]}), {0: BAD_MAIL})
    rejects.publish()
    with fsspec.open(place, "r") as stored:
        assert "not an e-mail address" in stored.read()
    again = RejectsFile(place)
    again.publish()
    assert fsspec.filesystem("memory").exists("/rejects-test/deep/rejects.csv")
    again.remove_earlier()
    assert not fsspec.filesystem("memory").exists("/rejects-test/deep/rejects.csv")


def test_a_place_that_cannot_be_written_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"rejects\.csv cannot be written"):
        RejectsFile(tmp_path / "file" / "rejects.csv")


def test_no_place_writes_nothing(tmp_path: Path) -> None:
    rejects = RejectsFile(None)
    rejects.write(block({"id": ["1"]}), {0: BAD_MAIL})
    rejects.publish()
    assert rejects.path is None
