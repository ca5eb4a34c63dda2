"""Names of files and columns with line ends and terminal codes are escaped in messages and logs."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, SourceError, escape_unprintable
from airflow_provider_clevertap.loading.artifacts.report import write_report
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import EVENTS, PROFILES
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource

#: A line end that forges a line of a log, a colour, a bell, a title, a mark of writing direction, a line of Unicode's.
EVIL = "a\n2026-11-26 ERROR forged\r\x1b[31m\x07\x1b]0title\x9b1m\u202e\u2028b"
#: A file name has no slash, and 255 bytes at most.
LONG = "n" * 300


def load(source: Any, **options: Any) -> Load:
    kind = options.pop("kind", PROFILES)
    made = LoadOptions(dry_run="local", **options)
    return Load(kind, open_source(source), None, made, log=logging.getLogger("names"))


def written(path: Path, text: str = "identity,plan\n1,gold\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def cut_off(path: Path) -> Path:
    path.write_bytes(gzip.compress(b"identity,plan\n1,gold\n" * 1_000)[:40])
    return path


FAILURES: dict[str, Callable[[Path], Any]] = {
    "no such file": lambda place: load(str(place / f"{EVIL}.csv")).run(),
    "no match": lambda place: load(str(place / f"{EVIL}*.csv")).run(),
    "no format": lambda place: load(written(place / EVIL)).run(),
    "a directory": lambda place: load(written(place / f"{EVIL}.csv" / "x").parent).run(),
    "cut off": lambda place: load(cut_off(place / f"{EVIL}.csv.gz")).run(),
    "empty": lambda place: load(written(place / f"{EVIL}.csv", "")).run(),
    "two formats": lambda place: load([written(place / f"{EVIL}.csv"), written(place / f"{EVIL}.jsonl")]).run(),
    "no parquet": lambda place: load(written(place / f"{EVIL}.parquet")).run(),
    "other columns": lambda place: load(
        [written(place / f"{EVIL}.csv"), written(place / f"2{EVIL}.csv", f'identity,"{EVIL}"\n1,2\n')]
    ).run(),
    "twice the same column": lambda place: load(written(place / "a.csv", f'identity,"{EVIL}","{EVIL}"\n1,2,3\n')).run(),
    "no such column": lambda place: load(written(place / "a.csv"), columns={EVIL: "Name"}).run(),
    "one field of two columns": lambda place: load(
        pd.DataFrame({"identity": ["1"], "x": ["2"], "y": ["3"]}), columns={"x": EVIL, "y": EVIL}
    ).run(),
    "no name for a property": lambda place: load(
        pd.DataFrame({"identity": ["1"], EVIL + "x" * 2_000: ["2"]})
    ).run(),
    "not a known option": lambda place: load(written(place / "a.csv"), columns={EVIL: {EVIL: 1}}).run(),
    "not a field of events": lambda place: load(written(place / "a.csv"), kind=EVENTS, columns={EVIL: "ts"}).run(),
    "rejects in a file": lambda place: load(
        written(place / "a.csv", "identity\nnull\n"), rejects_path=written(place / EVIL) / EVIL
    ).run(),
    "rejects with a long name": lambda place: load(
        written(place / "a.csv", "identity\nnull\n"), rejects_path=place / (EVIL + LONG)
    ).run(),
    "too many rejects": lambda place: load(
        written(place / f"{EVIL}.csv", "identity\nnull\n"), rejects_path=place / f"{EVIL}-rejects.csv"
    ).run(),
    "a long name": lambda place: load(str(place / f"{EVIL}{LONG}.csv")).run(),
    "below a file": lambda place: load(str(written(place / EVIL) / "a.csv")).run(),
    "a report below a file": lambda place: write_report(
        written(place / EVIL) / "r", source="", summary=load(pd.DataFrame({"identity": ["1"]})).summary, mappings={},
        group_by=None, failure=None,
    ),
    "a checkpoint": lambda place: FileCheckpointStore(written(place / EVIL) / "c").load(),
}  # fmt: skip


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check that no log line has a raw name."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        if record.name.startswith("fsspec"):  # its own debug messages
            continue
        assert record.getMessage().isprintable(), repr(record.getMessage())


@pytest.mark.parametrize("failure", FAILURES)
def test_no_message_has_a_raw_name(quiet: None, failure: str, tmp_path: Path) -> None:
    with pytest.raises(CleverTapError) as caught:
        FAILURES[failure](tmp_path)
    message = str(caught.value)
    first, *more = message.split("\n")
    assert all(line.isprintable() for line in (first, *more)), repr(message)
    assert [line.partition(" ")[0] for line in more] == (["-", "Which"] if failure == "too many rejects" else [])
    assert ("\\x1b[31m" in message) or failure in ("one field of two columns",), message


def test_no_line_of_a_load_has_a_raw_name(quiet: None, tmp_path: Path) -> None:
    for number in range(2):
        written(
            tmp_path / f"{number}{EVIL}.csv", f'identity,"{EVIL}",Email,Phone,"E-mail{EVIL}"\nnull,1,x,y,2\n1,2,,,3\n'
        )
    whole = load(
        CsvSource(str(tmp_path / "*.csv")),
        columns={EVIL: "Email", "Email": "Plan"},
        rejects_path=tmp_path / "left" / f"{EVIL}.csv",
        max_rejects=10,
    )
    assert whole.run().rows == 4
    assert whole.source.name.isprintable()
    assert Path(str(whole.summary.rejects_path)).exists()  # values for programs are not escaped
    (block, *_) = whole.source.blocks()
    assert block.file.isprintable()


@pytest.mark.parametrize(
    "failure", [name for name in FAILURES if "long name" in name or name == "below a file"]
)  # fmt: skip
def test_a_name_that_is_too_long_is_no_weather(failure: str, tmp_path: Path) -> None:
    with pytest.raises((ConfigurationError, SourceError)):
        FAILURES[failure](tmp_path)


def test_what_is_shown_stays_readable() -> None:
    assert escape_unprintable("s3://bucket/größe - 人.csv") == "s3://bucket/größe - 人.csv"
    assert escape_unprintable("a\tb\\n") == "a\\tb\\n"
    assert escape_unprintable("\udc80\x85") == "\\udc80\\x85"
