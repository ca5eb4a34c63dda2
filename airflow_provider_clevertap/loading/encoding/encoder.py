"""Encode row blocks as JSON records.

Columns that are known to be valid are converted as a whole; all other cells and rows go through the pydantic models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock, ValidatedBlock
from airflow_provider_clevertap.loading.encoding.declared.cells import DeclaredCells, read_declared_cells
from airflow_provider_clevertap.loading.encoding.declared.column import ColumnEncoder
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.interdependent.fields import compare_interdependent
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn, join_records
from airflow_provider_clevertap.loading.encoding.row_validation import RowValidator
from airflow_provider_clevertap.loading.encoding.undecided_cells import CachedResults
from airflow_provider_clevertap.loading.encoding.vectorized.risky_words import find_risky
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn, notes_on, notes_on_unnamed, plan_columns
from airflow_provider_clevertap.loading.mapping.rules import make_rule
from airflow_provider_clevertap.loading.mapping.spellings import spellings_of_fields
from airflow_provider_clevertap.loading.options import Unmapped
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock, conversion_errors
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, array_from_texts
from airflow_provider_clevertap.loading.rows.slicing import join_columns
from airflow_provider_clevertap.loading.rows.text_arrays import Mask
from airflow_provider_clevertap.records.cell_validation import CellValidator
from airflow_provider_clevertap.records.operations import NOT_REPEATABLE
from airflow_provider_clevertap.records.phones import PhoneCheck
from airflow_provider_clevertap.records.record_validation import RecordValidator


@dataclass(frozen=True, slots=True)
class _Plan:
    """How blocks with one set of columns are encoded."""

    columns: tuple[ColumnEncoder, ...]
    rows: RowValidator
    repeatable: bool
    columns_by_code: Mapping[int, str]


class Encoder:
    """Encodes row blocks of which each row makes one record.

    :param kind: the kind of record.
    :param choices: what the columns become, as far as the user has chosen it.
    :param unmapped: what happens to columns without a choice.
    :param fixed: every column of the source is known from its first block.
    :param default_country: ISO country of phone numbers written without ``+``.
    :param phone_check: what such a number must be with its country.
    :param on_bad_value: what a bad value does to its row, in columns that do not say it themselves.
    :param defaults: what columns become without a choice; a source may add to it while it is read.
    :raises MappingError: when an option does not suit its field, or declares a value that the field does not accept.
    """

    def __init__(
        self,
        kind: RecordKind,
        choices: Mapping[str, Column | None],
        *,
        unmapped: Unmapped = "send",
        fixed: bool = True,
        default_country: str | None = None,
        phone_check: PhoneCheck = "valid",
        on_bad_value: Literal["reject", "drop"] = "reject",
        defaults: Mapping[str, Column | None] = MappingProxyType({}),
    ) -> None:
        self.kind = kind
        self._choices = choices
        self._unmapped: Unmapped = unmapped
        self._defaults = defaults
        self._fixed = fixed
        self._validation: dict[str, Any] = {
            "constants": kind.constants,
            "settings": kind.settings,
            "default_country": default_country,
            "phone_check": phone_check,
            "on_bad_value": on_bad_value,
        }
        self._plans: dict[tuple[Any, ...], _Plan] = {}
        self._cell_cache: CachedResults = {}
        self._columns_seen: set[str] = set()
        self._spellings: dict[tuple[str, ...], dict[str, list[str]]] = {}
        if not fixed:
            self._check_choices()
        #: Notes on the mapping, and whether they were returned already.
        self._notes: dict[str, bool] = {}
        self._declared = {
            source: self._read_declared(source, choice) for source, choice in choices.items() if choice is not None
        }

    def _check_choices(self) -> None:
        """Check the choices for columns that may appear after rows were sent."""
        schema = self.kind.schema
        spellings = spellings_of_fields([*self._choices], self._choices, schema=schema, unmapped="ignore")
        others = {name for leading, group in spellings.items() for name in group if name != leading}
        names = [name for name in self._choices if name not in others]
        plan_columns(names, self._choices, schema=schema, fixed=False, constants=self.kind.constants.keys())

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode all blocks of the source, in their order.

        :raises MappingError: when a block's columns cannot become records as asked.
        """
        return map(self.encode, blocks)

    def encode(self, block: RowBlock, derived: DerivedField | None = None) -> EncodedBlock:
        """Encode one block.

        :param derived: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        validated = self.validate(block, derived)
        return validated.encoded(validated.valid_rows(), validated.row_issues)

    def validate(self, block: RowBlock, derived: DerivedField | None = None) -> ValidatedBlock:
        """Make the records of one block, and find the issues of its rows.

        :param derived: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        source_block, block = block, self.join_spellings(block)
        plan = self._plan(block)
        columns = []
        for column in plan.columns:
            with conversion_errors(block.place, column.planned.source):
                columns.append(column.encode(block))
        columns = compare_interdependent(columns, len(block), self.kind.schema, self.kind.constants)
        if derived is not None:
            derived.reject_conflicts(column.planned for column in plan.columns)
            columns.append(derived.column)
        found = plan.rows.validate(block, columns, derived)
        records = join_records(self.kind, columns, len(block), found.vectorized_rows(len(block)))
        if found.single_rows is not None and any(found.single_records):
            single_records = array_from_texts(found.single_records)
            records = pc.replace_with_mask(records, array_from_numpy(found.single_rows), single_records)
        repeatable = plan.repeatable and found.repeatable
        risky = self._find_risky(columns, len(block))
        return ValidatedBlock(source_block, records, found.row_issues, repeatable, plan.columns_by_code, risky)

    def join_spellings(self, block: RowBlock) -> RowBlock:
        """Return a block in which no two columns fill the same field; only columns that appear later may do so.

        :raises MappingError: when the user has chosen different options for two of them.
        """
        if self._fixed:
            return block
        if block.names not in self._spellings:
            self._columns_seen.update(block.names)
            self._spellings[block.names] = self.spellings(block.names)
        spellings = self._spellings[block.names]
        return join_columns(block, spellings) if spellings else block

    def spellings(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Return the columns that fill a field together, by the one whose options apply to all of them."""
        return spellings_of_fields(
            names, self._choices, schema=self.kind.schema, unmapped=self._unmapped, defaults=self._defaults
        )

    def _find_risky(self, columns: Iterable[EncodedColumn], rows: int) -> Mask | None:
        """Mark the rows with a value that CleverTap may reject; return ``None`` when there are none."""
        risky = self.kind.schema.risky
        if risky is None:
            return None
        if risky.field in self.kind.constants:
            return np.ones(rows, np.bool_) if risky.is_risky(self.kind.constants[risky.field]) else None
        text = next((column.converted.text for column in columns if column.rule.key == risky.field), None)
        return None if text is None else find_risky(risky, text)

    def unused_columns(self) -> list[str]:
        """Return the columns the user named that no block had so far."""
        return [name for name in self._choices if name not in self._columns_seen]

    def new_notes(self) -> list[str]:
        """Return what the user should know about the mapping, each note once."""
        new = [note for note, returned in self._notes.items() if not returned]
        self._notes.update(dict.fromkeys(new, True))
        return new

    def closing_notes(self) -> list[str]:
        """Return what the user should know at the end of the source."""
        declared = self._declared.items()
        return [note for source, cells in declared if cells is not None for note in cells.notes(source)]

    def plan_columns(self, names: Sequence[str]) -> tuple[PlannedColumn, ...]:
        """Decide which field each column of a block fills.

        :raises MappingError: when the columns cannot become records as asked.
        """
        return plan_columns(
            names,
            self._choices,
            schema=self.kind.schema,
            unmapped=self._unmapped,
            fixed=self._fixed,
            constants=self.kind.constants.keys(),
            latest_birth=self.kind.latest_birth,
            defaults=self._defaults,
        )

    def _read_declared(self, source: str, choice: Column) -> DeclaredCells | None:
        rule = make_rule(source, choice, self.kind.schema, self.kind.latest_birth)
        context = RecordValidator(self.kind.schema, (rule,), **self._validation).context
        return read_declared_cells(source, rule, CellValidator(self.kind.schema, rule, context).validate_replaced)

    def _plan(self, block: RowBlock) -> _Plan:
        types = tuple(block.columns[name].type if name in block.columns else None for name in block.names)
        key = (block.names, types)
        if key not in self._plans:
            self._columns_seen.update(block.names)
            self._plans[key] = self._make_plan(block, types)
        return self._plans[key]

    def _make_plan(self, block: RowBlock, types: Sequence[Any]) -> _Plan:
        schema, names = self.kind.schema, block.names
        columns = self.plan_columns(names)
        for note in (*notes_on(columns, schema), *(notes_on_unnamed(names) if self._fixed else ())):
            self._notes.setdefault(note, False)
        by_name = dict(zip(names, types, strict=True))
        if self._fixed and not self._plans:
            # In later blocks, rows have already been sent, so the load continues and only the rows with bad values are
            # invalid.
            _check_identities_are_not_floats(columns, block.columns, schema.identifiers)
        validator = RecordValidator(schema, [column.rule for column in columns], **self._validation)
        return _Plan(
            columns=tuple(
                ColumnEncoder(
                    column, by_name[column.source], self._declared.get(column.source), validator, self._cell_cache
                )
                for column in columns
            ),
            rows=RowValidator(self.kind, validator, columns),
            repeatable=self.kind.repeatable and not any(rule.operator in NOT_REPEATABLE for rule in validator.rules),
            columns_by_code={
                schema.field_codes[column.rule.key]: column.source
                for column in columns
                if column.rule.key in schema.field_codes
            },
        )


def _check_identities_are_not_floats(
    columns: Iterable[PlannedColumn], arrays: Mapping[str, pa.Array], identifiers: tuple[str, ...]
) -> None:
    for column in columns:
        array = arrays.get(column.source)
        identifies = column.rule.key in (*identifiers, "Phone")
        if identifies and array is not None and pa.types.is_floating(array.type) and _holds_numbers(array):
            raise MappingError(
                f"column {column.source!r} holds floating-point numbers, so {column.rule.key} would lose digits or "
                "become 123.0: read it as text (pandas.read_csv(..., dtype={...: 'str'}), or .astype('Int64') first)"
            )


def _holds_numbers(floats: pa.Array) -> bool:
    """Return whether a column has a number: pandas makes a column of floats of cells that are all empty."""
    return pc.all(floats.is_null(nan_is_null=True)).as_py() is False  # None if there are no rows
