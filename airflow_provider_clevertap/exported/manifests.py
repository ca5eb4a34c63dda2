"""Manifests: what an output contains, and which files make up one partition of it.

A partition is what its manifest says. Files that no manifest names belong to an export that is running or was killed,
or to the previous generation, which stays until the next replacement for readers who have just read its manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, TypeVar

from airflow_provider_clevertap.exceptions import ConfigurationError

#: The version of the manifests' form.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputManifest:
    """What all partitions of an output have in common.

    :param kind: ``events`` or ``profiles``.
    :param account: the Account ID.
    :param service: the address of CleverTap's API.
    :param timezone: the project's time zone.
    :param partition: ``day``, ``interval`` or ``snapshot``.
    :param query: the filters of the query.
    """

    kind: str
    account: str
    service: str
    timezone: str
    partition: str
    query: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """One file of rows in a partition.

    :param name: its name in the directory of the partition.
    :param rows: its rows.
    :param bytes: its size.
    """

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionManifest:
    """One partition.

    :param events: the events it is about: one for events, those that selected the people for profiles.
    :param start: where its time begins, as ISO text with the project's offset.
    :param end: where it ends; not included.
    :param complete: the time was over when CleverTap was asked. Late events can still be added by the app.
    :param rows: its rows.
    :param files: the files that hold them.
    :param columns: the names and types of their columns.
    :param file_format: ``parquet``, ``jsonl`` or ``csv``.
    :param previous: the files of the previous generation, which the next replacement removes.
    :param asked_at: when CleverTap was asked, in UTC.
    :param run: which run of a task wrote it, see ``layout.data_file_name``.
    :param attempt: which attempt of the run.
    :param try_number: Airflow's number of that attempt; 0 outside of a task.
    :param version: the version of this package.
    """

    events: Sequence[str]
    start: str
    end: str
    complete: bool
    rows: int
    files: Sequence[ExportedFile]
    columns: Mapping[str, str]
    file_format: str
    previous: Sequence[str] = ()
    asked_at: str
    run: str
    attempt: str
    try_number: int
    version: str
    format: int = FORMAT


Manifest = TypeVar("Manifest", OutputManifest, PartitionManifest)


def to_text(manifest: OutputManifest | PartitionManifest) -> str:
    """Return the text of a manifest's file."""
    return json.dumps(asdict(manifest), indent=1, ensure_ascii=False, default=str) + "\n"


def is_of_partition(text: bytes) -> bool:
    """Return whether a manifest's text is that of a partition, and not of a whole output."""
    try:
        return "files" in json.loads(text)
    except (ValueError, TypeError):
        return True  # reading it reports what is wrong


def read_manifest(kind: type[Manifest], text: bytes, name: str) -> Manifest:
    """Read a manifest.

    :param kind: what it is the manifest of.
    :param text: the text of its file.
    :param name: the file, for messages.
    :raises ConfigurationError: when it is not a manifest of this kind, or of a later version of this package.
    """
    try:
        values = json.loads(text)
        known = {each.name for each in fields(kind)}
        if "files" in known:
            values["files"] = tuple(ExportedFile(**file) for file in values["files"])
        manifest = kind(**{key: value for key, value in values.items() if key in known})
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ConfigurationError(f"{name} is not a manifest of an export. Choose another output.") from None
    if manifest.format != FORMAT:
        raise ConfigurationError(f"{name} was written by another version of this package (format {manifest.format}).")
    return manifest
