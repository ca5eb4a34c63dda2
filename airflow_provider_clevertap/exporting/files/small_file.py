"""Write a small table as one file: a trend, a list of values or of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.exporting.files.formats import FORMATS
from airflow_provider_clevertap.locations import location_name
from airflow_provider_clevertap.storage.errors import storage_errors
from airflow_provider_clevertap.storage.files import AtomicFile

_TYPES: Final = {"text": pa.string(), "integer": pa.int64(), "float": pa.float64(), "day": pa.date32()}


def check_small_file(location: Any) -> None:
    """Check that the name of a file says its format.

    :raises ConfigurationError: when it does not.
    """
    _format_of(location)


def write_small_file(
    location: Any, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, mode: int
) -> None:
    """Write or replace a file of rows; readers see the old file or the new one.

    :param location: a path, a URI, or a path object that carries its storage. Its ending is the format.
    :param rows: the rows.
    :param columns: the names and types of the columns: ``text``, ``integer``, ``float`` or ``day``.
    :param mode: permissions of the file, for a local path.
    :raises ConfigurationError: when the format is not known, or the file can never be written there.
    :raises StorageUnavailableError: when the storage fails.
    """
    make_writer = FORMATS[_format_of(location)][1]
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
    arrays = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
    file = AtomicFile(location, mode)
    try:
        written = file.open()
        with storage_errors(file.name):
            writer = make_writer(written, schema)
            writer.write(pa.Table.from_arrays(arrays, schema=schema))
            writer.close()
        file.publish()
    finally:
        file.discard()


def _format_of(location: Any) -> str:
    name = location_name(location)
    for file_format, (extension, _) in FORMATS.items():
        if name.endswith(f".{extension}"):
            return file_format
    known = ", ".join(f".{extension}" for extension, _ in FORMATS.values())
    raise ConfigurationError(f"output={name!r} does not say its format: the name of the file must end in {known}.")
