"""Names of the files of cloud exports. An event's name may hold hyphens, so they are read from the right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

_EVENTS: Final = re.compile(
    r"(?P<request>\d+)-(?P<run>\d{9,11})-(?P<event>.+)-(?P<day>\d{8})-(?P<part>\d+)-(?P<database>\d+)"
    r"\.(?P<format>json|csv|xml|parquet)(\.(gz|gzip))?"
)
_PROFILES: Final = re.compile(
    r"(?P<account>.+)-(?P<request>\d+)-(?P<run>\d{9,11})-(?P<database>\d+)\.(?P<format>json|csv|xml|parquet)(\.(gz|gzip))?"
)
_BLANKS: Final = re.compile(r"[ \t/\0]")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CloudFileName:
    """What the name of a file says.

    :param kind: what it contains.
    :param request: the export in CleverTap's dashboard.
    :param run: the time of the run, in UNIX seconds.
    :param database: the database of the account that it comes from: 0 to 22.
    :param format: ``json``, ``csv``, ``xml`` or ``parquet``.
    :param event: the event as :func:`event_part` returns it; empty for profiles.
    :param day: the day of the project as ``20261101``; empty for profiles.
    """

    kind: Literal["events", "profiles"]
    request: str
    run: int
    database: int
    format: str
    event: str = ""
    day: str = ""


def read_name(name: str) -> CloudFileName | None:
    """Return what the name of a file says, ``None`` when it is not of a cloud export."""
    found = _EVENTS.fullmatch(name)
    if found is not None:
        return CloudFileName(
            "events", found["request"], int(found["run"]), int(found["database"]), found["format"], found["event"],
            found["day"],
        )  # fmt: skip
    found = _PROFILES.fullmatch(name)
    if found is None:
        return None
    return CloudFileName("profiles", found["request"], int(found["run"]), int(found["database"]), found["format"])


def event_part(event: str) -> str:
    """Return the name of an event as names of files have it: blanks and slashes are ``-``, control characters ``?``."""
    return _CONTROLS.sub("?", _BLANKS.sub("-", event))
