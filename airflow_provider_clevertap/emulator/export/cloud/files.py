"""Write the gzipped files of a cloud export, each under a temporary name until it is complete."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

FileFormat = Literal["json", "csv"]

_REPLACED = str.maketrans(
    {" ": "-", "\t": "-", "/": "-", **{chr(code): "?" for code in range(32) if chr(code) != "\t"}}
)
"""What stands in a file's name for characters of an event's name."""


def name_part(event: str) -> str:
    """Return an event's name as file names have it; it may hold hyphens, so such names are read from the right."""
    return event.translate(_REPLACED)


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    """Write a gzipped file of lines, and return its path."""
    return _write(path, b"".join(line + b"\n" for line in lines))


def write_table(path: Path, rows: Sequence[Mapping[str, Any]], first_columns: Sequence[str]) -> Path:
    """Write a gzipped CSV file with a header, and return its path.

    :param first_columns: columns that come first; the others follow by name.
    """
    others = sorted({name for row in rows for name in row} - set(first_columns))
    stream = io.StringIO(newline="")
    table = csv.DictWriter(stream, [*first_columns, *others], restval="")
    table.writeheader()
    table.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return _write(path, stream.getvalue().encode())


def dotted(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return the fields of an object and of the objects in it, with dotted names."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(gzip.compress(content, mtime=0))
    return unfinished.replace(path)
