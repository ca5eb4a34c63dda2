"""The JSON text of a block's records, joined from whole columns without touching a single row in Python."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.text_arrays import Mask
from airflow_provider_clevertap.records.column_rules import CellRule
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
    screened: ConvertedColumn
    written: str

    def always_present(self, sure: Any) -> bool:
        """Tell whether every row fills the field.

        :param sure: an Arrow mask of the rows whose text will be used, ``None`` for all of them; the others do not
            count, as their doubtful cells are missing.
        """
        text = self.screened.text
        if not text.null_count or self.rule.delete_empty:
            return True
        return sure is not None and not pc.any(pc.and_(text.is_null(), sure)).as_py()

    def pieces(self, comma: str) -> list[Any]:
        """Give ``"Name":value`` of a field that is always present, as literals and columns to be joined."""
        start, text, after = self._parts(comma)
        if self.rule.delete_empty and text.null_count:
            value = pc.binary_join_element_wise(self.screened.before, text, after, "")
            return [self._key(comma), pc.fill_null(value, f'{{"{DELETE}":1}}')]
        return [start, text, after]

    def with_comma(self) -> Any:
        """Give ``,"Name":value`` where a row fills the field; the comma goes with it where a row does not."""
        return pc.binary_join_element_wise(*self._parts(","), "")

    def _parts(self, comma: str) -> tuple[str, Any, str]:
        screened = self.screened
        return self._key(comma) + screened.before, screened.text, screened.after

    def _key(self, comma: str) -> str:
        return f"{comma}{json.dumps(self.written, ensure_ascii=False)}:"


def join_records(kind: RecordKind, columns: Iterable[EncodedColumn], rows: int, used: Mask) -> Any:
    """Join a block's columns into one JSON record for each row, each followed by a comma.

    :param kind: the kind of record.
    :param columns: the fields of the records.
    :param rows: how many rows the block has.
    :param used: the rows whose record will be used.
    :returns: a ``string`` array. The other rows have some text too.
    """
    # A column that can fill no field may have a name that JSON cannot write.
    columns = [column for column in columns if column.rule.problem is None]
    sure = None if used.all() else pa.array(used)
    same = json.dumps({"type": kind.record_type, **kind.constants}, ensure_ascii=False)
    pieces: list[Any] = [same.removesuffix("}")]
    for column in columns:
        if not column.rule.in_data:
            pieces += _with_comma(column, sure)
    properties = _properties([column for column in columns if column.rule.in_data], sure)
    pieces += [f',"{kind.shape.data}":{{', *properties, "}},"]
    joined = _merge_literals(pieces)
    if len(joined) == 1:
        return pa.array(joined * rows, pa.string())
    return pc.binary_join_element_wise(*joined, "", null_handling="replace", null_replacement="")


def join_objects(columns: Iterable[EncodedColumn], rows: int, doubtful: Mask | None = None) -> Any:
    """Join a block's columns into one JSON object for each row, such as an item of a purchase.

    :param columns: the properties of the objects.
    :param rows: how many rows the block has.
    :param doubtful: the rows with a doubtful cell; ``None`` when there are none.
    :returns: a ``string`` array, null where a row fills no property. What stands for a doubtful row must not be used.
    """
    columns = [column for column in columns if column.rule.problem is None]
    sure = None if doubtful is None else pa.array(~doubtful)
    pieces = _merge_literals(["{", *_properties(columns, sure), "}"])
    if len(pieces) == 1:
        return pa.nulls(rows, pa.string())
    joined = pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement="")
    if any(column.always_present(sure) for column in columns):
        return joined
    filled = functools.reduce(pc.or_, [column.screened.text.is_valid() for column in columns])
    return pc.if_else(filled, joined, _NULL)


def _properties(columns: list[EncodedColumn], sure: Any) -> list[Any]:
    """Give the properties with commas between them, whichever of them a row fills."""
    leader = next((column for column in columns if column.always_present(sure)), None)
    pieces = [] if leader is None else leader.pieces("")
    for column in columns:
        if column is not leader:
            pieces += _with_comma(column, sure)
    if leader is not None or not columns:
        return pieces
    # Any of them may be a row's first: join them with their commas, then take the first one off.
    joined = pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement="")
    return [pc.utf8_replace_slice(joined, 0, 1, "")]


def _with_comma(column: EncodedColumn, sure: Any) -> list[Any]:
    return column.pieces(",") if column.always_present(sure) else [column.with_comma()]


def _merge_literals(pieces: list[Any]) -> list[Any]:
    merged: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif not isinstance(piece, str) or piece:
            merged.append(piece)
    return merged
