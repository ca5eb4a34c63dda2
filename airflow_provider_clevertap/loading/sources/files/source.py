"""The files of one load as one source."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Final, Protocol

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.sources.column_names import check_same_names
from airflow_provider_clevertap.loading.sources.files.discovery import SourceFile
from airflow_provider_clevertap.loading.storage.locations import same_file

#: Bytes of a first line that are looked at: enough for the widest header a CSV may have.
_LONGEST_LINE: Final = 16 * 1024 * 1024


class FileReader(Protocol):
    """Reads files of one format."""

    fixed_columns: bool
    nested: bool

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file, from its start, with row numbers from 1; an empty block with the columns comes first."""


class FilesSource:
    """Files of one format, one after the other.

    :param name: the files as the user named them.
    :param files: the files in the order to read them.
    :param reader: reads one.
    :param form: what the user said of the files' form, as text.
    """

    def __init__(self, name: str, files: Sequence[SourceFile], reader: FileReader, form: str = "") -> None:
        self._form = form
        self.asked_for = name
        self._files = files
        self._reader = reader
        self.fixed_columns = reader.fixed_columns
        self.nested = reader.nested
        self.many_files = len(files) > 1

    @property
    def name(self) -> str:
        """The files as the user named them, without credentials."""
        return self.asked_for if not self.many_files else f"{self.asked_for} ({len(self._files)} files)"

    def keep_apart(self, places: Mapping[str, Any], log: logging.Logger) -> None:
        """See that the load writes no file that it reads.

        A rejects file of this package that a glob has found where this load's own is to go is left out.

        :param places: where the load writes, by the name of the option.
        :param log: told what is left out.
        :raises ConfigurationError: when a file would be overwritten.
        :raises SourceError: when nothing else is left to read.
        """
        left = []
        written = {name: place for name, place in places.items() if place is not None}
        for file in self._files:
            option = next(
                (
                    name
                    for name, place in written.items()
                    if same_file(file.storage, file.path, place, is_local=file.is_local)
                ),
                None,
            )
            if option is None:
                left.append(file)
            elif option == "rejects_path" and file.is_match and _has_added_columns(file):
                log.info("%s is where this load's own rejects go: it is left out of the source", file.name)
            else:
                raise ConfigurationError(
                    f"{option} is {written[option]}, and this load reads that file ({file.name}): it would be "
                    f"overwritten. Give another {option}, or leave it out for the default place."
                )
        if not left:
            raise SourceError(f"{self.asked_for}: there is no file but the rejects of an earlier load. Check the path.")
        self._files = left
        self.many_files = len(left) > 1

    def blocks(self) -> Iterator[RowBlock]:
        """Read the files from the first, in blocks of bounded size, the same blocks each time.

        :raises SourceError: when a file cannot be read, or has other columns than the first.
        """
        for file in self._files:
            file.bytes_read = 0
        first: RowBlock | None = None
        some = False
        for file in self._files:
            for block in self._reader.read(file):
                first = first or block
                if self.fixed_columns and block.names != first.names:
                    check_same_names(block.names, first.names, block.file, first.file)
                    block = replace(block, names=first.names)  # noqa: PLW2901 - still that block
                if len(block):
                    some = True
                    yield block
        if first is not None and not some:
            yield first

    def fingerprint(self) -> str:
        """Give a short text that is another one when a file is.

        :raises SourceError: when a file cannot be read.
        """
        found = [type(self._reader).__name__, self._form, *(file.fingerprint() for file in self._files)]
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:20]

    def progress(self) -> float | None:
        """Share of the stored bytes read so far, or ``None`` when a size is unknown."""
        total = 0
        for file in self._files:
            if file.size is None:
                return None
            total += file.size
        return min(sum(file.bytes_read for file in self._files) / total, 1.0) if total else None


def _has_added_columns(file: SourceFile) -> bool:
    """Return whether a file has the columns that a rejects file of this package adds to those of its source."""
    with closing(file.open()) as stream:
        first_line: bytes = stream.readline(_LONGEST_LINE)
    return all(name.encode() in first_line for name in OUTCOME_COLUMNS)
