"""What tests of exports share."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.exporting.events.export import EventExport
from airflow_provider_clevertap.sources import ExportedEventsSource

KOLKATA = ZoneInfo("Asia/Kolkata")
MANIFEST = "_clevertap_export.json"

#: A whole day, and the requests for its pages.
DAY = {"start": "2025-11-01", "end": "2025-11-02"}
PAGES = {"path": "/1/events.json", "method": "GET"}

Export = Callable[..., dict[str, Any]]
MakeExport = Callable[..., EventExport]
Upload = Callable[..., None]


def at(text: str, zone: ZoneInfo = KOLKATA) -> datetime:
    """Return the instant of a local time of the project."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def manifest(directory: Path) -> Any:
    """Return the manifest in a directory, ``None`` when there is none."""
    path = directory / MANIFEST
    return json.loads(path.read_text()) if path.exists() else None


def rows(output: Path, **options: Any) -> list[dict[str, Any]]:
    """Return the rows that the manifests name."""
    return ExportedEventsSource(output, **options).to_pandas().to_dict("records")  # type: ignore[return-value]


def numbers(output: Path, **options: Any) -> list[int]:
    """Return the property ``n`` of all rows, sorted."""
    return sorted(json.loads(row["properties"])["n"] for row in rows(output, **options))


def files(output: Path) -> list[str]:
    """Return all files below a directory except locks, sorted."""
    return sorted(
        str(path.relative_to(output)) for path in output.rglob("*") if path.is_file() and not path.name.startswith(".")
    )
