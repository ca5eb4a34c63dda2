"""Find which rows of a block have a record, and the issues of the others.

The cells are validated before: by converters, and by :class:`UndecidedCells` where a converter is not certain. Which
issues a whole row has then depends on little more: the issues of its cells, and which required fields it fills. Rows
that agree in this have the same issues, so only the first of them goes through the models. A row for which this much
is not known, for example because it has an undecided cell, goes through the models as a single row.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.blocks import RowIssues, without_unsent
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers, numpy_from_array
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, either, none_if_clear
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.models.identity import IDENTITY_AND_OBJECT_ID
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult

#: Results kept for later blocks.
_MAX_CACHED: Final = 10_000

#: Key under which the issues of a row are cached: the columns that have issues in the block; and of the row, the issue
#: number in each of these columns, which required fields are filled, and whether any field is filled.
_IssueSignature: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


class BlockIssues(NamedTuple):
    """Validation issues of a block's rows.

    :param row_issues: the issues of rows without a record, or with values left out, by their index in the block.
    :param single_rows: marks the rows that went through the models as single rows; ``None`` when there are none.
    :param single_records: the JSON records of these rows, in their order; ``None`` for a row without a record.
    :param repeatable: sending the single records twice has the same effect as sending them once.
    """

    row_issues: dict[int, RowIssues]
    single_rows: Mask | None
    single_records: list[str | None]
    repeatable: bool

    def vectorized_rows(self, rows: int) -> Mask:
        """Mark the rows whose record is joined from the columns.

        :param rows: how many rows the block has.
        """
        mask = np.ones(rows, np.bool_) if self.single_rows is None else ~self.single_rows
        return without_unsent(mask, self.row_issues)


class RowValidator:
    """Validates the rows of blocks with one set of columns.

    :param kind: the kind of record.
    :param validator: validates single rows.
    :param columns: the columns, in the order of the validator's rules.
    """

    def __init__(self, kind: RecordKind, validator: RecordValidator, columns: Sequence[PlannedColumn]) -> None:
        self.validator = validator
        self._schema = kind.schema
        self._required = [field for field in kind.schema.required if field not in kind.constants]
        self._property_limit: int | None = kind.settings.get("property_limit")
        self._both_identify: bool = kind.settings.get(IDENTITY_AND_OBJECT_ID, False)
        self._columns = columns
        self._cache: dict[_IssueSignature, RowIssues] = {}
        self._skips: dict[str, RowIssues] = {}

    def validate(self, block: RowBlock, columns: Sequence[EncodedColumn], derived: DerivedField | None) -> BlockIssues:
        """Validate the rows of one block.

        :param columns: its fields, converted.
        :param derived: a property of its records that no column holds.
        """
        single_rows = self._single_rows(block, columns)
        kept = _kept_rows(block)
        row_issues = self._validate_by_signature(
            block, self._signatures(columns, len(block), single_rows, kept), derived
        )
        single_records: list[str | None] = []
        repeatable = True
        rows = [] if single_rows is None else np.flatnonzero(single_rows).tolist()
        for row, result in self._validate_rows(block, rows, derived):
            row_issues[row] = self._row_issues(block, row, result, derived)
            repeatable = repeatable and result.repeatable
            record = result.record
            single_records.append(None if record is None else msgspec.json.encode(record).decode() + ",")
        row_issues = {row: issues for row, issues in row_issues.items() if issues.issues or not issues.sent}
        for reason, skipped in block.skipped.items():
            row_issues.update(dict.fromkeys(skipped.tolist(), self._skipped(reason)))
        return BlockIssues(row_issues, single_rows, single_records, repeatable)

    def _validate_by_signature(
        self, block: RowBlock, signatures: Mapping[int, _IssueSignature], derived: DerivedField | None
    ) -> dict[int, RowIssues]:
        if len(self._cache) > _MAX_CACHED:
            self._cache.clear()
        new: dict[_IssueSignature, int] = {}
        for row, signature in signatures.items():
            if signature not in self._cache:
                new.setdefault(signature, row)
        results = self._validate_rows(block, list(new.values()), derived)
        for signature, (row, result) in zip(new, results, strict=True):
            self._cache[signature] = self._row_issues(block, row, result, derived)
        return {row: self._cache[signature] for row, signature in signatures.items()}

    def _single_rows(self, block: RowBlock, columns: Sequence[EncodedColumn]) -> Mask | None:
        """Mark the rows whose issues only the models can find."""
        marks = [column.converted.undecided for column in columns]
        properties = [column.rule.key for column in columns if column.rule.in_data]
        if self._property_limit is not None and len(properties) > self._property_limit:
            marks.append(none_if_clear(_filled(columns, properties, len(block)) > self._property_limit))
        if block.row_errors:
            unreadable = np.zeros(len(block), np.bool_)
            unreadable[list(block.row_errors)] = True
            marks.append(unreadable)
        single_rows = functools.reduce(either, marks, None)
        kept = _kept_rows(block)
        return single_rows if single_rows is None or kept is None else none_if_clear(single_rows & kept)

    def _signatures(
        self, columns: Sequence[EncodedColumn], rows: int, single_rows: Mask | None, kept: Mask | None
    ) -> dict[int, _IssueSignature]:
        """Return the signatures of the rows that are invalid or have values to be left out."""
        with_issues = {
            position: column.converted.issue_numbers
            for position, column in enumerate(columns)
            if column.converted.issue_numbers is not None
        }
        # A property may have the name of a field at the top of the record.
        fields = [column for column in columns if column.rule.in_data is not (column.rule.key in self._schema.top)]
        identifiers = [_filled(fields, (field,), rows) for field in self._schema.identifiers]
        required = [_filled(fields, (field,), rows) for field in self._required]
        selected = _filled(fields, self._schema.identifiers, rows) != 1
        if self._both_identify:
            # Nobody else's field may be filled: then the number of filled fields would be higher.
            both = _filled(fields, ("identity", "objectId"), rows)
            selected &= (both != len(("identity", "objectId"))) | (functools.reduce(np.add, identifiers) != both)
        for filled in required:
            selected |= filled == 0
        for numbers in with_issues.values():
            selected |= numbers != 0
        if single_rows is not None:
            selected &= ~single_rows
        if kept is not None:
            selected &= kept
        if not selected.any():
            return {}
        # An empty row is skipped, whatever field it lacks.
        not_empty = np.zeros(rows, np.bool_)
        for column in columns:
            not_empty |= numpy_from_array(column.filled_cells())
        facts: list[NDArray[Any]] = [*with_issues.values(), *identifiers, *required, not_empty]
        issue_columns, row_facts = tuple(with_issues), zip(*(fact[selected].tolist() for fact in facts), strict=True)
        return {
            row: (issue_columns, of_row)
            for row, of_row in zip(np.flatnonzero(selected).tolist(), row_facts, strict=True)
        }

    def _validate_rows(
        self, block: RowBlock, rows: Sequence[int], derived: DerivedField | None
    ) -> Iterator[tuple[int, ValidationResult]]:
        """Validate some rows with the models."""
        indices = array_from_numbers(rows, int)
        cells = [
            block.columns[column.source].take(indices).to_pylist()
            if column.source in block.columns
            else [block.objects[column.source][row] for row in rows]
            for column in self._columns
        ]
        for position, row in enumerate(rows):
            if row in block.row_errors:
                error = block.row_errors[row]
                yield row, ValidationResult(None, (Issue(error.column, None, error.reason, error.general),))
            else:
                properties, left_out = ({}, ()) if derived is None else derived.properties_of(row)
                yield row, self.validator.validate([column[position] for column in cells], properties, left_out)

    def _skipped(self, reason: str) -> RowIssues:
        """Return one object for a reason: rows that share it are counted together."""
        return self._skips.setdefault(reason, RowIssues(sent=False, skipped=reason))

    def _row_issues(
        self, block: RowBlock, row: int, result: ValidationResult, derived: DerivedField | None
    ) -> RowIssues:
        # People correct cells, so an issue names its source column, or the record's field where no column fills it.
        sources = {} if row in block.row_errors else {column.rule.key: column.source for column in self._columns}
        if derived is not None:
            sources |= derived.sources
        issues = tuple((sources.get(issue.field, issue.field), issue) for issue in result.issues)
        return RowIssues(result.record is not None, result.empty, issues)


def _kept_rows(block: RowBlock) -> Mask | None:
    """Mark the rows that are not skipped; ``None`` when none is."""
    if not block.skipped:
        return None
    kept = np.ones(len(block), np.bool_)
    for rows in block.skipped.values():
        kept[rows] = False
    return kept


def _filled(columns: Iterable[EncodedColumn], keys: Collection[str], rows: int) -> NDArray[np.int64]:
    """Count for each row how many of some fields it fills."""
    counts = np.zeros(rows, np.int64)
    for column in columns:
        if column.rule.key in keys:
            counts += numpy_from_array(column.converted.text.is_valid())
    return counts
