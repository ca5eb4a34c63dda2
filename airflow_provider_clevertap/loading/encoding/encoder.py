"""Rows become records: by screens where a column is certainly fine, by the law wherever it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock, ValidatedBlock
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn, join_records
from airflow_provider_clevertap.loading.encoding.row_validation import RowValidator
from airflow_provider_clevertap.loading.encoding.undecided_cells import CachedResults, UndecidedCells
from airflow_provider_clevertap.loading.encoding.vectorized.converters import Converter
from airflow_provider_clevertap.loading.encoding.vectorized.select import convert_column, select_converter
from airflow_provider_clevertap.loading.encoding.web_push_keys import join_web_push_keys
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn, notes_on, plan_columns
from airflow_provider_clevertap.loading.options import Unmapped
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.records.cell_validation import CellValidator
from airflow_provider_clevertap.records.operations import NOT_REPEATABLE
from airflow_provider_clevertap.records.record_validation import RecordValidator


class _PlannedScreen(NamedTuple):
    """What to do with one column: the screen for most of its cells, and who settles the others."""

    planned: PlannedColumn
    screen: Converter | None
    doubtful: UndecidedCells | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to do with blocks of one set of columns."""

    columns: tuple[_PlannedScreen, ...]
    rows: RowValidator
    repeatable: bool
    columns_by_code: Mapping[int, str]


class Encoder:
    """Turns row blocks into records.

    :param kind: the kind of record.
    :param choices: what the user said of the columns.
    :param unmapped: what happens to columns nothing was said of.
    :param fixed: every column of the source is known from its first block.
    :param default_country: ISO country of phone numbers written without ``+``.
    :param on_bad_value: what a bad value does to its row.
    """

    def __init__(
        self,
        kind: RecordKind,
        choices: Mapping[str, Column | None],
        *,
        unmapped: Unmapped = "send",
        fixed: bool = True,
        default_country: str | None = None,
        on_bad_value: Literal["reject", "drop"] = "reject",
    ) -> None:
        self.kind = kind
        self._choices = choices
        self._unmapped: Unmapped = unmapped
        self._fixed = fixed
        self._default_country = default_country
        self._on_bad_value: Literal["reject", "drop"] = on_bad_value
        self._plans: dict[tuple[Any, ...], _Plan] = {}
        self._kept: CachedResults = {}
        self._seen: set[str] = set()
        self._notes: dict[str, bool] = {}

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode a source's blocks.

        :raises MappingError: when a block's columns cannot become records as asked.
        """
        return map(self.encode, blocks)

    def encode(self, block: RowBlock, made: DerivedField | None = None) -> EncodedBlock:
        """Encode one block.

        :param made: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        judged = self.judge(block, made)
        return judged.settle(judged.sent(), judged.told)

    def judge(self, block: RowBlock, made: DerivedField | None = None) -> ValidatedBlock:
        """Make the records of one block, and say of which rows there are none.

        :param made: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        plan = self._plan(block)
        columns = join_web_push_keys([self._encoded(column, block) for column in plan.columns], len(block))
        if made is not None:
            made.refuse_others(column.planned for column in plan.columns)
            columns.append(made.column)
        found = plan.rows.judge(block, columns, made)
        records = join_records(self.kind, columns, len(block), found.joined(len(block)))
        if any(found.written):
            records = pc.replace_with_mask(records, pa.array(found.alone), pa.array(found.written, pa.string()))
        return ValidatedBlock(block, records, found.told, plan.repeatable and found.repeatable, plan.columns_by_code)

    def never_seen(self) -> list[str]:
        """Give the columns the user mapped that no block had."""
        return [name for name in self._choices if name not in self._seen]

    def new_notes(self) -> list[str]:
        """Give what the user should know of the mapping and has not been told yet."""
        fresh = [note for note, told in self._notes.items() if not told]
        self._notes.update(dict.fromkeys(fresh, True))
        return fresh

    def plan_columns(self, names: Sequence[str]) -> tuple[PlannedColumn, ...]:
        """Decide which field each column of a block fills.

        :raises MappingError: when the columns cannot become records as asked.
        """
        return plan_columns(
            names,
            self._choices,
            shape=self.kind.shape,
            unmapped=self._unmapped,
            fixed=self._fixed,
            constants=self.kind.constants.keys(),
        )

    def _plan(self, block: RowBlock) -> _Plan:
        types = tuple(block.columns[name].type if name in block.columns else None for name in block.names)
        key = (block.names, types)
        if key not in self._plans:
            self._seen.update(block.names)
            self._plans[key] = self._make_plan(block.names, types)
        return self._plans[key]

    def _make_plan(self, names: Sequence[str], types: Sequence[Any]) -> _Plan:
        shape = self.kind.shape
        columns = self.plan_columns(names)
        for note in notes_on(columns, shape):
            self._notes.setdefault(note, False)
        by_name = dict(zip(names, types, strict=True))
        if self._fixed and not self._plans:
            # Later on it is too late to refuse the load: rows were sent, so each bad one is told by itself.
            _refuse_float_identities(columns, by_name, shape.identifiers)
        law = RecordValidator(
            shape,
            [column.rule for column in columns],
            constants=self.kind.constants,
            settings=self.kind.settings,
            default_country=self._default_country,
            on_bad_value=self._on_bad_value,
        )
        return _Plan(
            columns=tuple(self._plan_screen(column, by_name[column.source], law) for column in columns),
            rows=RowValidator(self.kind, law, columns),
            repeatable=self.kind.repeatable and not any(rule.operator in NOT_REPEATABLE for rule in law.rules),
            columns_by_code={
                shape.field_codes[column.rule.key]: column.source
                for column in columns
                if column.rule.key in shape.field_codes
            },
        )

    def _plan_screen(self, column: PlannedColumn, column_type: Any, law: RecordValidator) -> _PlannedScreen:
        rule = column.rule
        screen = None if column_type is None else select_converter(rule, column_type, law.context)
        # A value left out is not an empty cell, and only the law can tell them apart where that removes the property.
        by_itself = not (rule.delete_empty and self._on_bad_value == "drop")
        return _PlannedScreen(
            column,
            screen,
            UndecidedCells(CellValidator(law.schema, rule, law.context), self._kept) if by_itself else None,
        )

    def _encoded(self, column: _PlannedScreen, block: RowBlock) -> EncodedColumn:
        rule, source = column.planned.rule, column.planned.source
        screened = convert_column(block, source, column.screen)
        if column.doubtful is not None:
            cells = block.columns[source] if source in block.columns else block.objects[source]
            screened = column.doubtful.settle(cells, screened)
        return EncodedColumn(rule, screened, written=self.kind.shape.record_names.get(rule.key, rule.key))


def _refuse_float_identities(
    columns: Iterable[PlannedColumn], types: Mapping[str, Any], identifiers: tuple[str, ...]
) -> None:
    for column in columns:
        kind = types[column.source]
        if column.rule.key in (*identifiers, "Phone") and kind is not None and pa.types.is_floating(kind):
            raise MappingError(
                f"column {column.source!r} holds floating-point numbers, so {column.rule.key} would lose digits or "
                "become 123.0: read it as text (pandas.read_csv(..., dtype={...: 'str'}), or .astype('Int64') first)"
            )
