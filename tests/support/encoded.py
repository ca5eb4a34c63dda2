"""Make blocks, encode them, and read the records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError

IDENTITY = {"id": "identity"}


def block_of(
    columns: Mapping[str, Any], *, row_errors: Mapping[int, RowError] | None = None, rows: int = 0
) -> RowBlock:
    """Make a block of Arrow arrays; a tuple of values stays Python values, as mixed columns do."""
    arrays, objects = {}, {}
    for name, values in columns.items():
        if isinstance(values, tuple):
            objects[name] = list(values)
        else:
            arrays[name] = values if isinstance(values, pa.Array) else pa.array(values)
    return RowBlock("people.csv", 1, tuple(columns), arrays, objects, row_errors or {}, row_count=rows)


def encoder(columns: Mapping[str, Any] | None = None, *, kind: RecordKind = PROFILES, **options: Any) -> Encoder:
    return Encoder(kind, parse_columns(IDENTITY if columns is None else columns), **options)


def encode(block: Mapping[str, Any], columns: Mapping[str, Any] | None = None, **options: Any) -> EncodedBlock:
    row_errors = options.pop("row_errors", None)
    return encoder({**IDENTITY, **(columns or {})}, **options).encode(block_of(block, row_errors=row_errors))


def records(encoded: EncodedBlock) -> dict[int, Any]:
    """Return each record by the index of its row, after checking that it is JSON and ends with a comma."""
    texts = encoded.records.to_pylist()
    assert all(text.endswith("},") for text in texts)
    parsed = json.loads(f"[{''.join(texts)[:-1]}]")
    assert len(parsed) == len(texts) == len(encoded.rows)
    return dict(zip(encoded.rows.tolist(), parsed, strict=True))


def properties(encoded: EncodedBlock) -> list[Any]:
    return [record["profileData"] for record in records(encoded).values()]
