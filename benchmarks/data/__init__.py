"""The data sets that contenders load, by name.

Each has its rows, which of them are not to be sent, how the server recognizes a row, and how this package loads it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from benchmarks.data.devices import as_device_tokens, devices
from benchmarks.data.messages import (
    as_flat_events,
    as_messages,
    flat_events,
    flat_orders,
    order_messages,
    track_messages,
)
from benchmarks.data.opt_outs import REPLACED, as_subscriptions, opt_outs
from benchmarks.data.people import (
    as_profiles,
    as_profiles_in_other_words,
    as_profiles_with_amounts,
    as_profiles_with_survey,
    people,
    people_abroad,
    people_in_other_words,
    people_with_amounts,
    people_with_notes,
    people_with_survey,
)
from benchmarks.data.pieces import Chunk, Dirt, LoadedAs
from benchmarks.data.shop import as_events, as_orders, events, order_lines

#: One row in a hundred, one in ten, none.
SOME, MUCH, NONE = Dirt(100, (37,)), Dirt(10, (7,)), Dirt(100, ())
#: The three lines of every hundredth order.
SOME_ORDERS = Dirt(300, (108, 109, 110))


class Dataset(NamedTuple):
    """Data of one kind.

    :param record: what each record has once, as JSON without blanks, up to the quote that begins or ends a text.
    :param make: makes the columns of a chunk of rows.
    :param load_as: returns how this package loads the data.
    :param key: a regular expression that finds each row of a body once. Its group is the row's number, or empty where
        an invalid row lacks the number. It contains no character that JSON escapes.
    :param dirt: the invalid rows.
    :param replaced: the rows that a later row replaces.
    :param spec: the rows are messages of this platform.
    """

    record: bytes
    make: Callable[[Chunk, Dirt], dict[str, Any]]
    load_as: Callable[[], LoadedAs]
    key: bytes
    dirt: Dirt = SOME
    replaced: Dirt = NONE
    spec: str | None = None


_PROFILE, _EVENT, _TOKEN = b'"type":"profile"', b'"type":"event"', b'"type":"token"'
_VISIT = rb'"visit": ?"visit-([0-9]{8})"'
_PERSON = rb'"identity": ?"(?:cust-([0-9]{8})")?'

DATASETS = {
    "people": Dataset(_PROFILE, people, as_profiles, _PERSON),
    "people-clean": Dataset(_PROFILE, people, as_profiles, _PERSON, NONE),
    "people-dirty": Dataset(_PROFILE, people, as_profiles, _PERSON, MUCH),
    "people-wide": Dataset(_PROFILE, people_with_survey, as_profiles_with_survey, _PERSON),
    "people-long": Dataset(_PROFILE, people_with_notes, as_profiles, _PERSON),
    "people-plain": Dataset(_PROFILE, people_with_amounts, as_profiles_with_amounts, _PERSON),
    "people-declared": Dataset(_PROFILE, people_in_other_words, as_profiles_in_other_words, _PERSON),
    "people-abroad": Dataset(_PROFILE, people_abroad, as_profiles, _PERSON),
    "events": Dataset(_EVENT, events, as_events, _VISIT),
    "flat-events": Dataset(_EVENT, flat_events, as_flat_events, _VISIT),
    "tracks": Dataset(_EVENT, track_messages, as_messages, _VISIT, spec="rudderstack"),
    "flat-orders": Dataset(_EVENT, flat_orders, as_flat_events, _VISIT),
    "order-messages": Dataset(_EVENT, order_messages, as_messages, _VISIT, spec="rudderstack"),
    "order-lines": Dataset(_EVENT, order_lines, as_orders, rb'"line": ?"line-([0-9]{8})"', SOME_ORDERS),
    "devices": Dataset(_TOKEN, devices, as_device_tokens, rb'"objectId": ?"(?:device-([0-9]{8})")?'),
    "opt-outs": Dataset(
        b'"status":"',
        opt_outs,
        as_subscriptions,
        rb'"value": ?"(?:(?:user-|\+9198)([0-9]{8}))?',
        replaced=REPLACED,
    ),
}


def data_file(directory: Path, dataset: str, rows: int, extension: str) -> Path:
    """Return the path of a data file. It changes with the modules that make the data, so that no old file is used."""
    sources = b"".join(module.read_bytes() for module in sorted(Path(__file__).parent.glob("*.py")))
    return directory / f"{dataset}-{rows}-{crc32(sources):08x}.{extension}"
