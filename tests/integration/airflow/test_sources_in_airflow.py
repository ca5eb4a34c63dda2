"""Sources where Airflow meets them: its object paths, and the rendering of templates."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource, ParquetSource
from tests.support.source_reading import count_rows, read_rows

CSV = "id,name\n1,é\n2,y\n"


@pytest.fixture(scope="module")
def airflow() -> Any:
    """Airflow's own classes, wherever its line keeps them."""
    return pytest.importorskip("airflow.providers.common.compat.sdk", exc_type=ImportError)


def object_path(place: object) -> Any:
    try:
        from airflow.sdk import ObjectStoragePath
    except ImportError:
        from airflow.io.path import ObjectStoragePath
    return ObjectStoragePath(f"file://{place}")


def test_an_object_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    for name in ("a.csv", "b.csv.gz"):
        source = open_source(object_path(tmp_path / name))
        assert read_rows(object_path(tmp_path / name)) == [{"id": "1", "name": "é"}, {"id": "2", "name": "y"}]
        assert source.name.endswith(name)
        assert [block.file.endswith(name) for block in source.blocks()] == [True]
        assert source.progress() == 1


def test_object_paths_in_lists_globs_and_descriptions(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CSV)
    assert count_rows([object_path(tmp_path / "b.csv"), object_path(tmp_path / "a.csv")]) == 4
    assert count_rows(object_path(tmp_path / "*.csv")) == 4
    (tmp_path / "c.txt").write_text("id;name\n1;x\n")
    assert read_rows(CsvSource(object_path(tmp_path / "c.txt"), delimiter=";")) == [{"id": "1", "name": "x"}]


def test_parquet_at_an_object_path(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"id": list(range(50_000))}), tmp_path / "a.parquet")
    assert count_rows(object_path(tmp_path / "a.parquet")) == count_rows(
        ParquetSource(object_path(tmp_path / "a.parquet"))
    )


def test_object_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(object_path(tmp_path / "none.csv"))
    with pytest.raises(SourceError, match="is a directory"):
        open_source(object_path(tmp_path))
    with pytest.raises(SourceError, match="no file matches"):
        open_source(object_path(tmp_path / "*.csv"))


def test_airflow_renders_what_is_in_a_description(airflow: Any, tmp_path: Path) -> None:
    class Reader(airflow.BaseOperator):  # type: ignore[misc, name-defined]
        template_fields = ("source",)

        def __init__(self, *, source: object, **arguments: object) -> None:
            super().__init__(**arguments)
            self.source = source

    described = CsvSource(["{{ folder }}/a.csv", object_path(tmp_path / "{{ name }}.csv")], delimiter="{{ mark }}")
    operator = Reader(task_id="read", source=described)
    operator.render_template_fields({"folder": str(tmp_path), "name": "b", "mark": ";"})
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id;name\n1;x\n")
    assert read_rows(operator.source) == [{"id": "1", "name": "x"}] * 2
