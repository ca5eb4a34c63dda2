"""Join whole columns into the JSON text of a block's records, without handling single rows in Python."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, array_from_texts, null_scalar, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, decoded
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.operations import DELETE


@dataclass(frozen=True, slots=True)
class Choices:
    """A fragment of every record that is one of a few texts.

    :param texts: these texts.
    :param indices: which of them each record has; null for none.
    :param before: stands before the text.
    :param after: stands after it.
    :param around: stands before and after both, also in records that have no text.
    """

    texts: Any
    indices: Any
    before: str = ""
    after: str = ""
    around: tuple[str, str] = ("", "")

    def joined(self) -> Any:
        """Return the fragment of each record."""
        start, end = self.around
        texts, indices = _join([start + self.before, self.texts, self.after + end]), self.indices
        if indices.null_count:
            indices = indices.fill_null(scalar(len(texts), indices.type))
            texts = pa.concat_arrays([texts, array_from_texts([start + end])])
        return texts.take(indices)


@dataclass(frozen=True, slots=True)
class EncodedColumn:
    """One field of every record of a block.

    :param rule: how the column is read.
    :param converted: its values.
    :param name: the field's name in the record.
    :param filled: marks the cells that are not empty, where the values do not show it; ``None`` where they do.
    """

    rule: CellRule
    converted: ConvertedColumn
    name: str
    filled: Mask | None = None

    def filled_cells(self) -> Any:
        """Return an Arrow mask of the cells that are not empty."""
        return self.converted.text.is_valid() if self.filled is None else array_from_numpy(self.filled)

    def always_present(self, used: Any) -> bool:
        """Return whether every row fills the field.

        :param used: an Arrow mask of the rows whose text will be used, ``None`` for all of them. The other rows do
            not count: their undecided cells are null.
        """
        text = self.converted.text
        if not text.null_count or self.rule.delete_empty:
            return True
        return used is not None and not pc.any(pc.and_(text.is_null(), used)).as_py()

    def fragments(self, comma: str) -> list[Any]:
        """Return ``"Name":value`` of a field that is always present, as literals and columns to be joined."""
        if self.rule.delete_empty and self.converted.text.null_count:
            value = _join([self.converted.before, decoded(self.converted.text), self.converted.after])
            return [self._key(comma), pc.fill_null(value, scalar(f'{{"{DELETE}":1}}'))]
        return self._fragments(comma)

    def where_filled(self, comma: str) -> Any:
        """Return ``"Name":value`` where a row fills the field, and null, without a comma, where it does not."""
        fragments = self._fragments(comma)
        return fragments[0] if len(fragments) == 1 else _join(fragments)

    def _fragments(self, comma: str) -> list[Any]:
        text, start, after = self.converted.text, self._key(comma) + self.converted.before, self.converted.after
        if pa.types.is_dictionary(text.type):
            return [Choices(text.dictionary, text.indices, start, after)]
        return [start, text, after]

    def _key(self, comma: str) -> str:
        return f"{comma}{json.dumps(self.name, ensure_ascii=False)}:"


def join_records(kind: RecordKind, columns: Iterable[EncodedColumn], rows: int, used_rows: Mask) -> Any:
    """Join a block's columns into one JSON record for each row, each followed by a comma.

    :param kind: the kind of record.
    :param columns: the fields of the records.
    :param rows: how many rows the block has.
    :param used_rows: the rows whose record will be used.
    :returns: a ``string`` array. The text of the other rows must not be used.
    """
    # A column that can fill no field may have a name that JSON cannot write.
    columns = [column for column in columns if column.rule.problem is None]
    used = None if used_rows.all() else array_from_numpy(used_rows)
    constants = {} if kind.record_type is None else {"type": kind.record_type}
    constants |= kind.constants
    fragments: list[Any] = [json.dumps(constants, ensure_ascii=False).removesuffix("}")]
    top = [column for column in columns if not column.rule.in_data]
    if constants:
        for column in top:
            fragments += _with_comma(column, used)
    else:
        fragments += _properties(top, used)
    if kind.schema.data is not None:
        properties = _properties([column for column in columns if column.rule.in_data], used)
        fragments += [f',"{kind.schema.data}":{{', *properties, "}"]
    fragments = _merge_literals([*fragments, "},"])
    if not columns:
        return array_from_texts(["".join(fragments)] * rows)
    return _join(fragments, null_handling="replace")


def join_objects(columns: Iterable[EncodedColumn], rows: int, undecided: Mask | None = None) -> Any:
    """Join a block's columns into one JSON object for each row, such as an item of a purchase.

    :param columns: the properties of the objects.
    :param rows: how many rows the block has.
    :param undecided: the rows with an undecided cell; ``None`` when no row has one.
    :returns: a ``string`` array, null where a row fills no property. The text of an undecided row must not be used.
    """
    columns = [column for column in columns if column.rule.problem is None]
    used = None if undecided is None else array_from_numpy(~undecided)
    fragments = _merge_literals(["{", *_properties(columns, used), "}"])
    if not columns:
        return pa.nulls(rows, pa.string())
    joined = _join(fragments, null_handling="replace")
    if any(column.filled is None and column.always_present(used) for column in columns):
        return joined
    filled = functools.reduce(pc.or_, [column.filled_cells() for column in columns])
    return pc.if_else(filled, joined, null_scalar(pa.string()))


def _properties(columns: list[EncodedColumn], used: Any) -> list[Any]:
    """Return the properties with commas between them, whichever of them a row fills."""
    first = next((column for column in columns if column.always_present(used)), None)
    fragments = [] if first is None else first.fragments("")
    for column in columns:
        if column is not first:
            fragments += _with_comma(column, used)
    if first is not None or not columns:
        return fragments
    if len(columns) == 1:
        return [columns[0].where_filled("")]
    # Any property may be the first of a row: join them with their commas, then remove the first comma.
    joined = _join(fragments, null_handling="replace")
    return [pc.binary_replace_slice(joined, 0, 1, "")]


def _with_comma(column: EncodedColumn, used: Any) -> list[Any]:
    return column.fragments(",") if column.always_present(used) else [column.where_filled(",")]


def _join(fragments: Iterable[Any], null_handling: str = "emit_null") -> Any:
    """Join literals and columns row by row.

    :param null_handling: ``emit_null``: a row with a null in any column becomes null; ``replace``: nulls count as "".
    """
    columns = [
        scalar(fragment)
        if isinstance(fragment, str)
        else fragment.joined()
        if isinstance(fragment, Choices)
        else fragment
        for fragment in fragments
    ]
    return pc.binary_join_element_wise(*columns, scalar(""), null_handling=null_handling, null_replacement="")


def _merge_literals(fragments: list[Any]) -> list[Any]:
    """Join literals with each other and with choices next to them, as each fragment costs time in every record."""
    merged: list[Any] = []
    for fragment in fragments:
        last = merged[-1] if merged else None
        if isinstance(fragment, str) and isinstance(last, str):
            merged[-1] += fragment
        elif isinstance(fragment, str) and isinstance(last, Choices):
            merged[-1] = replace(last, around=(last.around[0], last.around[1] + fragment))
        elif isinstance(fragment, Choices) and isinstance(last, str):
            merged[-1] = replace(fragment, around=(last + fragment.around[0], fragment.around[1]))
        elif not isinstance(fragment, str) or fragment:
            merged.append(fragment)
    return merged
