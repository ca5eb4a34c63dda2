"""Which of a block's rows have a record, and why the others have none.

Screens and :class:`CellLaw` have told of each cell whether the law takes it. What the law says of the whole row
follows from little more: what it has against which cells, and which of the fields that every record needs are there.
Rows that are alike in this get one verdict, and the law is asked about the first of them. Where that much cannot be
told of a row, it goes to the law by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.blocks import RowIssues
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, either, none_if_clear
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult

#: Verdicts kept for later blocks.
_MOST_KEPT: Final = 10_000

#: All that a verdict follows from: the columns with cells the law objects to, and what is so of the row: the number of
#: the objection to each, the fields that are there, and whether any is.
_IssueSignature: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


class BlockIssues(NamedTuple):
    """What is to be said of a block's rows.

    :param told: of rows that have no record, or one without some of their values, by their place.
    :param alone: the rows the law was asked about one by one; ``None`` when there are none.
    :param written: the records it made of these, in their order; ``None`` where it made none.
    :param repeatable: sending these records twice has the effect of sending them once.
    """

    told: dict[int, RowIssues]
    alone: Mask | None
    written: list[str | None]
    repeatable: bool

    def joined(self, rows: int) -> Mask:
        """Mark the rows whose record is joined from the columns.

        :param rows: how many rows the block has.
        """
        mask = np.ones(rows, np.bool_) if self.alone is None else ~self.alone
        mask[[row for row, told in self.told.items() if not told.sent]] = False
        return mask


class RowValidator:
    """Judges the rows of blocks of one set of columns.

    :param kind: the kind of record.
    :param law: judges single rows.
    :param columns: the columns, in the order of the law's rules.
    """

    def __init__(self, kind: RecordKind, law: RecordValidator, columns: Sequence[PlannedColumn]) -> None:
        self.law = law
        self._shape = kind.shape
        self._needed = [field for field in kind.shape.required if field not in kind.constants]
        self._property_limit: int | None = kind.settings.get("property_limit")
        self._columns = columns
        self._kept: dict[_IssueSignature, RowIssues] = {}

    def judge(self, block: RowBlock, columns: Sequence[EncodedColumn], made: DerivedField | None) -> BlockIssues:
        """Judge the rows of one block.

        :param columns: its fields, screened.
        :param made: a property of its records that no column holds.
        """
        alone = self._alone(block, columns)
        told = self._judge_alike(block, self._signs(columns, len(block), alone), made)
        written: list[str | None] = []
        repeatable = True
        for row, verdict in () if alone is None else self._ask(block, np.flatnonzero(alone).tolist(), made):
            told[row] = self._told(block, row, verdict, made)
            repeatable = repeatable and verdict.repeatable
            written.append(None if verdict.record is None else msgspec.json.encode(verdict.record).decode() + ",")
        told = {row: one for row, one in told.items() if one.faults or not one.sent}
        return BlockIssues(told, alone, written, repeatable)

    def _judge_alike(
        self, block: RowBlock, signs: Mapping[int, _IssueSignature], made: DerivedField | None
    ) -> dict[int, RowIssues]:
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        new: dict[_IssueSignature, int] = {}
        for row, sign in signs.items():
            if sign not in self._kept:
                new.setdefault(sign, row)
        for sign, (row, verdict) in zip(new, self._ask(block, list(new.values()), made), strict=True):
            self._kept[sign] = self._told(block, row, verdict, made)
        return {row: self._kept[sign] for row, sign in signs.items()}

    def _alone(self, block: RowBlock, columns: Sequence[EncodedColumn]) -> Mask | None:
        """Mark the rows of which only the law itself can tell what it says."""
        marks = [column.screened.doubtful for column in columns]
        properties = [column.rule.key for column in columns if column.rule.in_data]
        if self._property_limit is not None and len(properties) > self._property_limit:
            marks.append(none_if_clear(_filled(columns, properties, len(block)) > self._property_limit))
        if block.row_errors:
            at_fault = np.zeros(len(block), np.bool_)
            at_fault[list(block.row_errors)] = True
            marks.append(at_fault)
        return functools.reduce(either, marks, None)

    def _signs(self, columns: Sequence[EncodedColumn], rows: int, alone: Mask | None) -> dict[int, _IssueSignature]:
        """Give the rows that the law does not take, or not whole, with what its verdict on them follows from."""
        objected = {
            place: column.screened.objections
            for place, column in enumerate(columns)
            if column.screened.objections is not None
        }
        identifiers = [_filled(columns, (field,), rows) for field in self._shape.identifiers]
        needed = [_filled(columns, (field,), rows) for field in self._needed]
        odd = _filled(columns, self._shape.identifiers, rows) != 1
        for there in needed:
            odd |= there == 0
        for numbers in objected.values():
            odd |= numbers != 0
        if alone is not None:
            odd &= ~alone
        if not odd.any():
            return {}
        # An empty row is none at all, whatever it lacks.
        filled = _filled(columns, [column.rule.key for column in columns], rows) > 0
        found: list[NDArray[Any]] = [*objected.values(), *identifiers, *needed, filled]
        where, signs = tuple(objected), zip(*(numbers[odd].tolist() for numbers in found), strict=True)
        return {row: (where, sign) for row, sign in zip(np.flatnonzero(odd).tolist(), signs, strict=True)}

    def _ask(
        self, block: RowBlock, rows: Sequence[int], made: DerivedField | None
    ) -> Iterator[tuple[int, ValidationResult]]:
        """Ask the law about some rows."""
        places = pa.array(rows, pa.int64())
        cells = [
            block.columns[column.source].take(places).to_pylist()
            if column.source in block.columns
            else [block.objects[column.source][row] for row in rows]
            for column in self._columns
        ]
        for place, row in enumerate(rows):
            if row in block.row_errors:
                fault = block.row_errors[row]
                yield row, ValidationResult(None, (Issue(fault.column, None, fault.reason),))
            else:
                properties, left_out = ({}, ()) if made is None else made.for_law(row)
                yield row, self.law.validate([column[place] for column in cells], properties, left_out)

    def _told(self, block: RowBlock, row: int, verdict: ValidationResult, made: DerivedField | None) -> RowIssues:
        # People fix cells, so a fault is told by its source column; the record's field only where no column fills it.
        sources = {} if row in block.row_errors else {column.rule.key: column.source for column in self._columns}
        if made is not None:
            sources |= made.sources
        named = tuple((sources.get(fault.field, fault.field), fault) for fault in verdict.issues)
        return RowIssues(verdict.record is not None, verdict.empty, named)


def _filled(columns: Iterable[EncodedColumn], keys: Collection[str], rows: int) -> NDArray[np.int64]:
    """Count for each row how many of some fields it fills."""
    counts = np.zeros(rows, np.int64)
    for column in columns:
        if column.rule.key in keys:
            counts += column.screened.text.is_valid().to_numpy(zero_copy_only=False)
    return counts
