"""The JSON text of a block's records, joined from whole columns without touching a single row in Python."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.column_screens import Screened
from airflow_provider_clevertap.loading.kinds import RecordKind
from airflow_provider_clevertap.records.cells import CellRule
from airflow_provider_clevertap.records.operations import DELETE

_NULL = pa.scalar(None, pa.string())


@dataclass(frozen=True, slots=True)
class EncodedColumn:
    """One field of every record of a block.

    :param rule: how the column is read.
    :param screened: its values.
    :param written: the field's name in the record.
    """

    rule: CellRule
    screened: Screened
    written: str

    @property
    def always_present(self) -> bool:
        """Tell whether every row of the block fills the field."""
        return not self.screened.text.null_count or self.rule.delete_empty

    def pieces(self) -> list[Any]:
        """Give ``"Name":value`` as literals and columns to be joined."""
        key = f"{json.dumps(self.written, ensure_ascii=False)}:"
        text, _, before, after = self.screened
        if not text.null_count:
            return [key + before, text, after]
        if self.rule.delete_empty:
            value = pc.binary_join_element_wise(before, text, after, "")
            return [key, pc.fill_null(value, f'{{"{DELETE}":1}}')]
        return [pc.binary_join_element_wise(key + before, text, after, "")]


def join_records(kind: RecordKind, columns: Iterable[EncodedColumn], rows: int) -> Any:
    """Join a block's columns into one JSON record for each row, each followed by a comma.

    :param kind: the kind of record.
    :param columns: the fields of the records.
    :param rows: how many rows the block has.
    :returns: a ``string`` array. Rows with a doubtful cell have some text too, which must not be used.
    """
    # A column that can fill no field may have a name that JSON cannot write.
    columns = [column for column in columns if column.rule.problem is None]
    same = json.dumps({"type": kind.record_type, **kind.constants}, ensure_ascii=False)
    pieces: list[Any] = [same.removesuffix("}")]
    for column in columns:
        if not column.rule.in_data:
            pieces += _with_comma(column)
    pieces += [f',"{kind.shape.data}":{{', *_properties([column for column in columns if column.rule.in_data]), "}},"]
    joined = _merge_literals(pieces)
    if len(joined) == 1:
        return pa.array(joined * rows, pa.string())
    return pc.binary_join_element_wise(*joined, "", null_handling="replace", null_replacement="")


def _properties(columns: list[EncodedColumn]) -> list[Any]:
    """Give the properties with commas between them, whichever of them a row fills."""
    leader = next((column for column in columns if column.always_present), None)
    pieces = [] if leader is None else leader.pieces()
    for column in columns:
        if column is not leader:
            pieces += _with_comma(column)
    if leader is not None or not columns:
        return pieces
    # Any of them may be a row's first: join them with their commas, then take the first one off.
    joined = pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement="")
    return [pc.utf8_replace_slice(joined, 0, 1, "")]


def _with_comma(column: EncodedColumn) -> list[Any]:
    pieces = column.pieces()
    if column.always_present:
        return [",", *pieces]
    # The comma has to go with the field where a row leaves it out.
    return [pc.binary_join_element_wise(",", pieces[0], "")]


def _merge_literals(pieces: list[Any]) -> list[Any]:
    merged: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif not isinstance(piece, str) or piece:
            merged.append(piece)
    return merged
