"""Which files a load reads, and values that are not a source."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_clevertap.exceptions import CleverTapError, SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource, JsonLinesSource
from tests.support.source_reading import count_rows, read_rows, zst

CSV = "id,name\n1,x\n2,y\n"


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    fs = fsspec.filesystem("memory")
    yield fs
    fs.store.clear()


@pytest.mark.parametrize("shape", [str, Path, lambda path: f"file://{path}"])
def test_local_paths(tmp_path: Path, shape: object) -> None:
    path = tmp_path / "a b.csv"
    path.write_text(CSV)
    given = shape(path)  # type: ignore[operator]
    assert read_rows(given) == [{"id": "1", "name": "x"}, {"id": "2", "name": "y"}]
    assert open_source(given).name == str(given)
    assert [block.file for block in open_source(given).blocks()] == [str(given)]


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)
    assert len(read_rows("a.csv")) == 2


def test_any_storage_fsspec_knows(memory: MemoryFileSystem) -> None:
    memory.pipe("/in/b.csv", CSV.encode())
    memory.pipe("/in/a.csv.gz", gzip.compress(CSV.encode()))
    assert len(read_rows("memory://in/b.csv")) == 2
    source = open_source("memory://in/*.csv*")
    assert [block.file for block in source.blocks()] == ["memory:///in/a.csv.gz", "memory:///in/b.csv"]
    assert source.progress() == 1


def test_a_chain_of_storages(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("people.csv", CSV)
    assert len(read_rows(f"zip://people.csv::file://{tmp_path}/export.zip")) == 2


def test_members_of_two_archives_have_names_that_differ(tmp_path: Path) -> None:
    import zipfile

    for name in ("north", "south"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr("people.csv", CSV)
    source = open_source([f"zip://*.csv::file://{tmp_path}/{name}.zip" for name in ("north", "south")])
    names = [f"zip://people.csv::file://{tmp_path}/{name}.zip" for name in ("north", "south")]
    assert [block.file for block in source.blocks()] == names


@pytest.mark.parametrize("path", [" {}", "{} ", "{}\n", "file://{} ", " {}*"])
def test_a_blank_that_nobody_sees_beside_a_path_is_named(path: str, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CSV)
    with pytest.raises(SourceError, match=r"The path begins or ends with a blank\.$"):
        open_source(path.format(tmp_path / "people.csv"))


@pytest.mark.parametrize("path", ["", " ", ["", "a.csv"], CsvSource("")])
def test_a_path_that_is_empty_is_not_taken_for_a_directory(path: object) -> None:
    with pytest.raises(SourceError, match="a path is empty"):
        open_source(path)


def test_a_glob_is_one_load_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("part-10", "part-2", "part-1"):
        (tmp_path / f"{name}.csv").write_text(f"id,name\n{name},x\n")
    (tmp_path / "part-0.csv").mkdir()
    source = open_source(tmp_path / "part-*.csv")
    blocks = list(source.blocks())
    assert [Path(block.file).name for block in blocks] == ["part-1.csv", "part-10.csv", "part-2.csv"]
    assert [block.first_row for block in blocks] == [1, 1, 1]
    assert source.many_files
    assert source.name == f"{tmp_path}/part-*.csv (3 files)"


def test_a_list_is_read_in_its_order_and_each_file_once(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(CSV)
    blocks = open_source([tmp_path / "b.csv", str(tmp_path / "*.csv"), f"file://{tmp_path}/a.csv"]).blocks()
    assert [Path(block.file).name for block in blocks] == ["b.csv", "a.csv"]


def test_a_file_whose_name_looks_like_a_glob(tmp_path: Path) -> None:
    (tmp_path / "people[1].csv").write_text(CSV)
    (tmp_path / "people1.csv").write_text("id,name\n")
    assert len(read_rows(tmp_path / "people[1].csv")) == 2


def test_files_of_a_load_have_the_same_columns_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,x\n")
    (tmp_path / "b.csv").write_text("name,id\ny,2\n")
    assert [list(row.items()) for row in read_rows(tmp_path / "*.csv")][1] == [("id", "2"), ("name", "y")]
    (tmp_path / "c.csv").write_text("id,mail\n3,z\n")
    with pytest.raises(SourceError, match=r"c\.csv.*lacks 'name' and also has 'mail'"):
        read_rows(tmp_path / "*.csv")


def test_headers_alone_among_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n")
    (tmp_path / "b.csv").write_text("id\n1\n")
    assert [len(block) for block in open_source(tmp_path / "*.csv").blocks()] == [1]
    (tmp_path / "b.csv").write_text("id\n")
    assert [len(block) for block in open_source(tmp_path / "*.csv").blocks()] == [0]


def test_endings_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "people.CSV.GZ").write_bytes(gzip.compress(CSV.encode()))
    assert len(read_rows(tmp_path / "people.CSV.GZ")) == 2


@pytest.mark.parametrize("name", ["people.csv.gz", "people.csv.zst"])
def test_compressed_files(tmp_path: Path, name: str) -> None:
    data = ("id,name\n" + "".join(f"{number},é{number * 7919 % 100_003}\n" for number in range(800_000))).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data, 1) if name.endswith("gz") else zst(data))
    source = open_source(path)
    shares = [source.progress() for _ in source.blocks()]
    assert count_rows(path) == 800_000
    assert 0 < (shares[0] or 0) < 1
    assert source.progress() == 1


def test_compressed_files_of_several_members(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id\n1\n") + gzip.compress(b"2\n") + b"\0" * 16)
    (tmp_path / "b.csv.zst").write_bytes(zst(b"id\n1\n") + zst(b"2\n"))
    assert read_rows(tmp_path / "a.csv.gz") == read_rows(tmp_path / "b.csv.zst") == [{"id": "1"}, {"id": "2"}]


def test_names_without_a_known_format(tmp_path: Path) -> None:
    for name in ("people.txt", "people", "people.gz", "people.json", "people.xlsx"):
        path = tmp_path / name
        path.write_text(CSV)
        with pytest.raises(SourceError, match=r"format.*CsvSource\(path\)"):
            open_source(path)
    assert len(read_rows(CsvSource(tmp_path / "people.txt"))) == 2
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.jsonl").write_text("{}")
    with pytest.raises(SourceError, match="one format"):
        open_source([tmp_path / "a.csv", tmp_path / "b.jsonl"])


def test_a_description_goes_before_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text('{"id": 1}\n')
    assert read_rows(JsonLinesSource(path)) == [{"id": 1}]


def test_credentials_are_in_no_name_and_no_message(memory: MemoryFileSystem) -> None:
    memory.pipe("/user:secret@host/a.csv", CSV.encode())
    source = open_source("memory://user:secret@host/a.csv")
    assert [(source.name, block.file) for block in source.blocks()] == [("memory://host/a.csv",) * 2]
    for location in (
        "memory://user:secret@host/none.csv",
        "memory://user:secret@host/*.jsonl",
        "no-such-storage://user:secret@host/x.csv",
        "https://127.0.0.1:1/x.csv?sig=secret",
    ):
        with pytest.raises(CleverTapError) as raised:
            open_source(location)
        assert "secret" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize("source", [42, None, {}, b"x", set(), {"a.csv"}, object()])
def test_values_that_are_not_a_source(source: object) -> None:
    with pytest.raises(SourceError, match="a source cannot be of type"):
        open_source(source)


def test_lists_that_are_not_a_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="list given as the source is empty"):
        open_source([])
    with pytest.raises(SourceError, match="one of the DataFrames is of type float"):
        open_source([1.5, 2.5])
    (tmp_path / "a.csv").write_text(CSV)
    with pytest.raises(SourceError, match="a path cannot be of type float"):
        open_source([str(tmp_path / "a.csv"), 3.5])
    with pytest.raises(SourceError, match="a path cannot be of type"):
        open_source(CsvSource(None))


def test_a_source_can_be_read_more_than_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    source = open_source(path)
    assert [len(block) for block in source.blocks()] == [len(block) for block in source.blocks()] == [2]


def is_open(path: Path) -> bool:
    """Return whether this process has this file open."""
    found = False
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found |= descriptor.readlink() == path.resolve()
    return found


def test_files_are_closed_when_reading_stops_early(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id\n" + "1\n" * 2_000_000)
    blocks = open_source(path).blocks()
    next(blocks)
    assert is_open(path)
    blocks.close()  # type: ignore[attr-defined]
    assert not is_open(path)
    assert count_rows(path) == 2_000_000
