"""A full disk: a rejects file is complete or absent, and the writer gets an error."""

from __future__ import annotations

import csv
import errno
import io
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import StorageUnavailableError
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.storage.written_file import WrittenFile

BAD = RowOutcome(Outcome.INVALID, 515, "mail", "mail: not an e-mail address")


class Disk(io.FileIO):
    """A file on a disk with limited room. Like the operating system it writes what fits, then fails."""

    def __init__(self, path: Path, room: int) -> None:
        super().__init__(path, "x+")
        self.room = room

    def write(self, data: Any) -> int:
        fits = bytes(data)[: self.room]
        if not fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= len(fits)
        return super().write(fits)


@given(
    pieces=st.lists(st.integers(0, 40_000), max_size=12),
    rooms=st.lists(st.integers(0, 50_000), max_size=6),
)
def test_no_text_is_lost_however_often_the_disk_is_full(
    pieces: list[int], rooms: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("disk") / "file"
    disk = Disk(path, rooms[0] if rooms else 0)
    written = WrittenFile(disk)
    expected = ""
    for number, length in enumerate(pieces):
        text = f"{number}é" * (length // 3)
        expected += text
        with suppress(OSError):
            written.write(text)
    for room in [*rooms[1:], 10_000_000]:
        disk.room = room
        with suppress(OSError):
            written.sync()
    assert written.size == len(expected.encode())
    with written.read_back() as stream:
        assert stream.read() == expected
    written.close()
    assert path.read_text(encoding="utf-8") == expected


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    written = WrittenFile(Disk(tmp_path / "file", 1_000))
    written.write("some text")
    written.sync()
    os.truncate(tmp_path / "file", 4)
    with pytest.raises(OSError, match="4 of 9 bytes were written"):
        written.sync()
    written.close()


@pytest.fixture
def most_bytes() -> Iterator[Any]:
    """Limit the size of files of this process; further writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("place", ["{}/rejects.csv", "{}/rejects.jsonl", "memory://full-disk/rejects.csv"])
def test_wherever_the_disk_is_full_the_file_is_complete_or_absent(place: str, tmp_path: Path, most_bytes: Any) -> None:
    rows = RowBlock("a.csv", 1, ("id",), {"id": pa.array([f"person-{number}" for number in range(200)], pa.string())})
    outcomes = set()
    for size in range(0, 45_000, 997):
        rejects = RejectsFile(place.format(tmp_path))
        most_bytes(size)
        try:
            for row in range(200):
                rejects.write(rows, {row: BAD})
            rejects.publish()
            outcomes.add("whole")
        except StorageUnavailableError as error:
            assert "File too large" in str(error)  # noqa: PT017 - both ways are right, depending on the size
            outcomes.add("error")
            rejects.discard()
            assert rejects.path is None
            assert not list(tmp_path.iterdir())
        else:
            assert rejects.published_rows() == 200
            rejects.remove_earlier()
        finally:
            most_bytes(1 << 40)
        if rejects.path is not None and "memory" not in place:
            Path(rejects.path).unlink()
    assert outcomes == {"whole", "error"}


def test_a_file_is_counted_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    cells = ["plain", 'a "quoted" one', "two\nlines", "\r\n", '"', '""\n"', ""]
    rejects = RejectsFile(path)
    rejects.write(RowBlock("a.csv", 1, ("id",), {"id": pa.array(cells, pa.string())}), dict.fromkeys(range(7), BAD))
    rejects.publish()
    assert rejects.published_rows() == 7
    with path.open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.reader(stream))) == 8
    path.write_text(path.read_text()[:-40])
    assert rejects.published_rows() == 6


def test_columns_that_appear_late_are_in_the_header(tmp_path: Path) -> None:
    rejects = RejectsFile(tmp_path / "rejects.csv")
    for number in range(50):
        names = ("id", f"column {number}")
        columns = {name: pa.array([f"{name} of {number}", None], pa.string()) for name in names}
        rejects.write(RowBlock("a.csv", 2 * number + 1, names, columns), {0: BAD, 1: BAD})
    rejects.publish()
    assert rejects.published_rows() == 100
    with (tmp_path / "rejects.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    assert [row["clevertap_row"] for row in found] == [str(number) for number in range(1, 101)]
    for number in range(50):
        assert {
            name: cell for name, cell in found[2 * number].items() if cell and not name.startswith("clevertap")
        } == {
            "id": f"id of {number}",
            f"column {number}": f"column {number} of {number}",
        }
    assert [path.name for path in tmp_path.iterdir()] == ["rejects.csv"]
