"""The data every contender loads, by name: what a row is, which rows are bad, and how the server knows a row again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from benchmarks.data.devices import devices
from benchmarks.data.people import people, people_abroad, people_asked_much, people_described
from benchmarks.data.pieces import Chunk, Dirt
from benchmarks.data.shop import events, order_lines

#: a hundredth and a tenth of the rows; no row
SOME, MUCH, NONE = Dirt(100, (37,)), Dirt(10, (7,)), Dirt(100, ())
#: the three lines of every hundredth order
SOME_ORDERS = Dirt(300, (108, 109, 110))


class Dataset(NamedTuple):
    """Data of one kind.

    :param record_type: what the records' ``type`` says.
    :param make: fills a chunk of rows.
    :param key: a regular expression that finds each row of a body once, with the row's number in its group, or with
        nothing in it where a bad row lacks the number. No character of what it looks for is escaped in JSON.
    :param dirt: the bad rows.
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
    "people-wide": Dataset("profile", people_asked_much, _PERSON),
    "people-long": Dataset("profile", people_described, _PERSON),
    "people-abroad": Dataset("profile", people_abroad, _PERSON),
    "events": Dataset("event", events, rb'"visit": ?"visit-([0-9]{8})"'),
    "order-lines": Dataset("event", order_lines, rb'"line": ?"line-([0-9]{8})"', SOME_ORDERS),
    "devices": Dataset("token", devices, rb'"objectId": ?"(?:device-([0-9]{8})")?'),
}


def data_file(directory: Path, dataset: str, rows: int, extension: str) -> Path:
    """Name the file of so many rows. A change to what makes them changes the name, so that no old data are used."""
    made_by = b"".join(module.read_bytes() for module in sorted(Path(__file__).parent.glob("*.py")))
    return directory / f"{dataset}-{rows}-{crc32(made_by):08x}.{extension}"
