"""Read exported partitions as one Arrow table."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from airflow_provider_clevertap.exceptions import SourceError, StorageUnavailableError
from airflow_provider_clevertap.exported.partitions import ExportedPartition
from airflow_provider_clevertap.storage.files import AtomicFile

#: The types of columns by the names that manifests have.
_TYPES: Final = {
    str(each): each
    for each in (
        pa.string(),
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.timestamp("us", tz="UTC"),
        pa.timestamp("us"),
        pa.list_(pa.string()),
    )
}
#: Bytes that Arrow reads at a time: it needs the whole of a row at once.
_BLOCK_BYTES: Final = 64 << 20


def read_table(partitions: Sequence[ExportedPartition]) -> pa.Table:
    """Return the rows of partitions, with the types that their manifests name.

    :raises SourceError: when a file is missing or cannot be read, or a column has several types.
    """
    schema = pa.schema([(name, _TYPES.get(kind, pa.string())) for name, kind in _columns(partitions).items()])
    tables = [
        _read(location, file.rows, schema)
        for partition in partitions
        for location, file in zip(partition.files, partition.manifest.files, strict=True)
    ]
    return pa.concat_tables([schema.empty_table(), *tables], promote_options="default")


def _columns(partitions: Sequence[ExportedPartition]) -> dict[str, str]:
    """Return the names and types of all columns; a partition without rows does not decide about a type."""
    found: dict[str, tuple[str, ExportedPartition]] = {}
    for partition in sorted(partitions, key=lambda each: not each.manifest.files):
        for name, kind in partition.manifest.columns.items():
            before, other = found.setdefault(name, (kind, partition))
            if kind != before and partition.manifest.files:
                raise SourceError(
                    f"The column {name!r} has the type {before} in {other.location} and {kind} in "
                    f"{partition.location}: they were exported with another schema. Export them again with one, or "
                    "read them separately."
                )
    return {name: kind for name, (kind, _) in found.items()}


def _read(location: Any, rows: int, schema: pa.Schema) -> pa.Table:
    file = AtomicFile(location)
    try:
        with file.read() as stream:
            data = stream.read()
    except StorageUnavailableError:
        if file.exists():
            raise
        raise SourceError(
            f"{file.name} does not exist. If its partition was exported twice meanwhile, read again; otherwise export "
            "it again."
        ) from None
    try:  # outside of the storage, whose errors have Arrow's messages, and these have values
        table = _table(file.name, data, schema)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise SourceError(f"{file.name} cannot be read ({type(error).__name__}). Export its partition again.") from None
    if len(table) != rows:
        raise SourceError(
            f"{file.name} has {len(table):,} rows, and its manifest names {rows:,}. Export its partition again."
        )
    return table


def _table(name: str, data: bytes, schema: pa.Schema) -> pa.Table:
    if name.endswith(".parquet"):
        from pyarrow import parquet

        return parquet.read_table(pa.BufferReader(data))
    if name.endswith(".csv"):
        from pyarrow import csv

        lists = [field.name for field in schema if pa.types.is_list(field.type)]
        types = {field.name: pa.string() if field.name in lists else field.type for field in schema}
        convert = csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
        # texts are JSON, and may have line ends
        parse = csv.ParseOptions(newlines_in_values=True)
        read = csv.ReadOptions(block_size=_BLOCK_BYTES)
        return _with_lists(csv.read_csv(pa.BufferReader(data), read, parse, convert), lists)
    from pyarrow import json as arrow_json

    options = arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    lines = pa.BufferReader(gzip.decompress(data))
    return arrow_json.read_json(lines, arrow_json.ReadOptions(block_size=_BLOCK_BYTES), options)


def _with_lists(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return a table in which the JSON text of columns is read as lists of text."""
    for name in names:
        values = [None if text is None else json.loads(text) for text in table[name].to_pylist()]
        column = pa.array(values, pa.list_(pa.string()))
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table
