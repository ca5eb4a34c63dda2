"""An example loaded in every role, as it is and as Python values."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.artifacts.rejects import _CsvRows, _JsonRows
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, Source
from tests.support.fuzz.columns.examples import Example
from tests.support.fuzz.columns.plain_expectations import check_unchanged
from tests.support.fuzz.columns.roles import ROLES, Role
from tests.support.fuzz.columns.sources import open_example


class _Text:
    """A file that keeps nothing."""

    def write(self, text: str) -> int:
        text.encode("utf-8", "backslashreplace")
        return len(text)


def load_in_every_role(example: Example) -> int:
    """Encode a column in every role, as it is and as Python values; return how often it was encoded."""
    source = open_example(example)
    blocks = list(source.blocks())
    assert sum(map(len, blocks)) == len(example.refused)
    assert source.fingerprint() == source.fingerprint()
    as_values = [_as_values(block) for block in blocks]
    for block in blocks:
        rows = list(range(len(block)))
        for writer in (_JsonRows(_Text()), _CsvRows(_Text())):  # type: ignore[arg-type]
            writer.write(block, rows, {"clevertap_row": rows})
    runs = 0
    for name, role in ROLES.items():
        copies = [column for column in role.columns if column.startswith("x ")]
        found = _outcomes(role, source, _with_copies(blocks, copies), example)
        runs += max(len(copies), 1)
        if name == "property" and found is not None:
            check_unchanged(example, found)
        if found is not None and not _has_short_floats(blocks):
            same = _outcomes(role, source, _with_copies(as_values, copies), example, fixed=False)
            assert found == same, name
            runs += max(len(copies), 1)
    _load(list(ROLES.values())[example.role], source, example)
    return runs + 1


def _with_copies(blocks: Sequence[RowBlock], copies: Sequence[str]) -> list[RowBlock]:
    """Return blocks in which the column stands several times, so that one load has it in several roles."""
    return [
        replace(
            block,
            names=(*block.names, *copies),
            columns={**block.columns, **(dict.fromkeys(copies, block.columns["x"]) if "x" in block.columns else {})},
            objects={**block.objects, **(dict.fromkeys(copies, block.objects["x"]) if "x" in block.objects else {})},
        )
        for block in blocks
    ]


def _as_values(block: RowBlock) -> RowBlock:
    objects = {name: slicing.values_of(block, name) for name in block.names}
    return replace(block, columns={}, objects=objects)


def _has_short_floats(blocks: Sequence[RowBlock]) -> bool:
    """Return whether a column has 32-bit floats, whose text is not that of the same 64-bit floats."""
    return any(pa.types.is_float32(column.type) for block in blocks for column in block.columns.values())


def _new_load(role: Role, source: Source, example: Example, **options: Any) -> Load:
    options = {
        "columns": dict(role.columns),
        "profile_columns": role.profile_columns,
        "on_bad_value": example.on_bad_value,
        "dry_run": "local",
        "max_rejects": "100%",
        **options,
    }
    return Load(role.kind, source, None, LoadOptions(**options))


def _outcomes(
    role: Role, source: Source, blocks: Sequence[RowBlock], example: Example, *, fixed: bool = True
) -> list[Any] | None:
    """Return the records and the outcomes of the rows; ``None`` when the column cannot have the role."""
    try:
        encoder = _new_load(role, source, example)._make_encoder()
        found = [_outcomes_of(encoded) for encoded in encoder.encode_all(iter(blocks))]
    except ConfigurationError:
        if fixed:
            return None
        raise
    rows = sum(map(len, blocks))
    if role.kind.lines is None:
        assert sum(len(records) + len(unsent) for records, unsent, *_ in found) == rows
    return found


def _outcomes_of(encoded: EncodedBlock) -> tuple[Any, ...]:
    records = {row: json.loads(text[:-1]) for row, text in _pairs(encoded)}
    updates = None if encoded.profile_updates is None else _outcomes_of(encoded.profile_updates)
    return records, dict(encoded.unsent), dict(encoded.dropped), updates


def _pairs(encoded: EncodedBlock) -> Iterator[tuple[int, str]]:
    return zip(encoded.rows.tolist(), encoded.records.to_pylist(), strict=True)


def _load(role: Role, source: Source, example: Example) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(ConfigurationError):
        _new_load(role, source, example, rejects_path=str(Path(folder) / "rejects.csv")).run()
