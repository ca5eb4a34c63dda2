"""The files that a ``CloudExportSource`` names, and their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.exported.cloud.columns import INCLUDED
from airflow_provider_clevertap.exported.cloud.reading import read_tables
from airflow_provider_clevertap.exported.cloud.runs import FoundFile, find_files
from airflow_provider_clevertap.locations import location_name


def named_files(path: Any) -> list[FoundFile]:
    """Return the files that a path, a glob, a directory or a list of them names, each once.

    :raises SourceError: when there are none, or when they are of both kinds.
    """
    locations = path if isinstance(path, list | tuple) else [path]
    found = {file.path: file for location in locations for file in find_files(location)}
    if not found:
        raise SourceError(
            f"{location_name(locations[0]) if locations else path}: there are no files of a cloud export. Check the "
            "path; names of the files are read, so they must be as CleverTap gives them."
        )
    if len({file.name.kind for file in found.values()}) > 1:
        raise SourceError("There are files with events and files with profiles. Read them separately.")
    return list(found.values())


def read_files(
    files: Sequence[FoundFile], *, timezone: str | None, include: Collection[str]
) -> Iterator[tuple[FoundFile, pa.Table]]:
    """Return the rows of files as tables.

    :param files: the files.
    :param timezone: the name of the project's time zone, if it is known.
    :param include: ``"profile"``, ``"push_token"``.
    :raises SourceError: when a file cannot be read.
    :raises ConfigurationError: when an argument is wrong.
    """
    zone = read_zone(timezone)
    parts = (include,) if isinstance(include, str) else tuple(include)
    unknown = [part for part in parts if part not in INCLUDED]
    if unknown:
        raise ConfigurationError(f"include={unknown[0]!r} is not known; use {', '.join(map(repr, INCLUDED))}.")
    for file in files:
        for table in read_tables(file.open(), file.name, file.path, zone=zone, include=parts):
            yield file, table


def read_zone(timezone: str | None) -> tzinfo | None:
    """Return a time zone by its name.

    :raises ConfigurationError: when there is none of this name.
    """
    if timezone is None:
        return None
    try:
        return ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise ConfigurationError(
            f"timezone={timezone!r} is not the IANA name of a time zone, such as 'Asia/Kolkata'."
        ) from None


def read_table(path: Any, *, timezone: str | None, include: Collection[str]) -> pa.Table:
    """Return all rows as one table, see :func:`read_files`.

    :raises SourceError: when a file cannot be read.
    """
    tables = [table for _, table in read_files(named_files(path), timezone=timezone, include=include)]
    return pa.concat_tables(tables, promote_options="default")
