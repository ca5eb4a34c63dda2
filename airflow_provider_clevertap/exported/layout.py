"""Names of the directories and files of an export."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import quote

#: The manifest of an output and of each partition. Readers of Parquet directories skip names that begin with ``_``.
MANIFEST_NAME: Final = "_clevertap_export.json"
#: A file of rows: the run and the attempt that wrote it, and its number.
_DATA_FILE: Final = re.compile(r"part-(?P<run>[0-9a-f]{8})-(?P<attempt>[0-9a-f]{8})-[0-9]{5,}\.(parquet|jsonl\.gz|csv)")
#: What files of this package are called until they are complete.
_UNFINISHED: Final = re.compile(r"(?P<name>.+)\.[0-9a-f]{8}\.part")
#: File systems allow 255 bytes in a name; an event's name may have 120 bytes, of which each becomes up to three.
_MAX_NAME_BYTES: Final = 200
_PARTIAL_ESCAPE: Final = re.compile(r"%[0-9A-F]?$")


def data_file_name(run: str, attempt: str, number: int, extension: str) -> str:
    """Return the name of a file of rows.

    :param run: eight hexadecimal digits, the same for all attempts of one run of a task.
    :param attempt: eight more, which no other attempt has.
    """
    return f"part-{run}-{attempt}-{number:05}.{extension}"


def run_of(name: str) -> str | None:
    """Return the run that wrote a file of this name, also an unfinished one; ``None`` when it is none of ours."""
    unfinished = _UNFINISHED.fullmatch(name)
    found = _DATA_FILE.fullmatch(unfinished["name"] if unfinished else name)
    return found["run"] if found else None


def is_ours(name: str) -> bool:
    """Return whether a file or directory of this name may be in the directory of an output or a partition."""
    if name.startswith("."):  # markers of directories, and of file managers
        return True
    unfinished = _UNFINISHED.fullmatch(name)
    return (unfinished["name"] if unfinished else name) == MANIFEST_NAME or run_of(name) is not None


def event_directory(event: str) -> str:
    """Return the name of the directory of an event: percent-encoded, and shortened with a hash if it is too long."""
    encoded = quote(event, safe="")
    if len(encoded) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(event.encode()).hexdigest()[:12]
        encoded = f"{_PARTIAL_ESCAPE.sub('', encoded[: _MAX_NAME_BYTES - 13])}-{digest}"
    return f"event={encoded}"


def day_directory(day: date) -> str:
    """Return the name of the directory of one project day."""
    return f"date={day.isoformat()}"


def window_directory(start: datetime, end: datetime) -> str:
    """Return the name of the directory of an interval of time."""
    return f"window={_compact(start)}_{_compact(end)}"


def snapshot_directory(day: date) -> str:
    """Return the name of the directory of a snapshot of profiles."""
    return f"snapshot={day.isoformat()}"


def _compact(instant: datetime) -> str:
    utc = instant.astimezone(UTC)
    fraction = f".{utc.microsecond:06}" if utc.microsecond else ""
    return f"{utc:%Y%m%dT%H%M%S}{fraction}Z"
