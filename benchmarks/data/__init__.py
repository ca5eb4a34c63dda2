"""The data sets that contenders load, by name: their rows, which of them are invalid, and how to recognize a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from benchmarks.data.devices import devices
from benchmarks.data.people import (
    people,
    people_abroad,
    people_in_other_words,
    people_with_amounts,
    people_with_notes,
    people_with_survey,
)
from benchmarks.data.pieces import Chunk, Dirt
from benchmarks.data.shop import events, order_lines

#: One row in a hundred, one in ten, none.
SOME, MUCH, NONE = Dirt(100, (37,)), Dirt(10, (7,)), Dirt(100, ())
#: The three lines of every hundredth order.
SOME_ORDERS = Dirt(300, (108, 109, 110))


class Dataset(NamedTuple):
    """Data of one kind.

    :param record_type: the ``type`` of the records.
    :param make: makes the columns of a chunk of rows.
    :param key: a regular expression that finds each row of a body once. Its group is the row's number, or empty where
        an invalid row lacks the number. It contains no character that JSON escapes.
    :param dirt: the invalid rows.
    """

    record_type: str
    make: Callable[[Chunk, Dirt], dict[str, Any]]
    key: bytes
    dirt: Dirt = SOME


_PERSON = rb'"identity": ?"(?:cust-([0-9]{8})")?'

DATASETS = {
    "people": Dataset("profile", people, _PERSON),
    "people-clean": Dataset("profile", people, _PERSON, NONE),
    "people-dirty": Dataset("profile", people, _PERSON, MUCH),
    "people-wide": Dataset("profile", people_with_survey, _PERSON),
    "people-long": Dataset("profile", people_with_notes, _PERSON),
    "people-plain": Dataset("profile", people_with_amounts, _PERSON),
    "people-declared": Dataset("profile", people_in_other_words, _PERSON),
    "people-abroad": Dataset("profile", people_abroad, _PERSON),
    "events": Dataset("event", events, rb'"visit": ?"visit-([0-9]{8})"'),
    "order-lines": Dataset("event", order_lines, rb'"line": ?"line-([0-9]{8})"', SOME_ORDERS),
    "devices": Dataset("token", devices, rb'"objectId": ?"(?:device-([0-9]{8})")?'),
}


def data_file(directory: Path, dataset: str, rows: int, extension: str) -> Path:
    """Return the path of a data file. It changes with the modules that make the data, so that no old file is used."""
    sources = b"".join(module.read_bytes() for module in sorted(Path(__file__).parent.glob("*.py")))
    return directory / f"{dataset}-{rows}-{crc32(sources):08x}.{extension}"
