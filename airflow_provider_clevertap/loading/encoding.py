"""Rows become records: by screens where a column is certainly fine, by the law wherever it is not."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.column_screens import Screen, Screened
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.encoded_blocks import EncodedBlock, JudgedBlock, Told
from airflow_provider_clevertap.loading.kinds import RecordKind
from airflow_provider_clevertap.loading.made_property import MadeProperty
from airflow_provider_clevertap.loading.mapping import PlannedColumn, Unmapped, notes_on, plan_columns
from airflow_provider_clevertap.loading.record_text import EncodedColumn, join_records
from airflow_provider_clevertap.loading.rows import RowBlock
from airflow_provider_clevertap.loading.screens import choose_screen, screen_column
from airflow_provider_clevertap.loading.text_columns import Mask, either, none_if_clear
from airflow_provider_clevertap.records.faults import Fault
from airflow_provider_clevertap.records.law import Law, Verdict
from airflow_provider_clevertap.records.operations import NOT_REPEATABLE


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to do with blocks of one set of columns."""

    columns: tuple[PlannedColumn, ...]
    screens: tuple[Screen | None, ...]
    law: Law
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
        self._seen: set[str] = set()
        self._notes: dict[str, bool] = {}

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode a source's blocks.

        :raises MappingError: when a block's columns cannot become records as asked.
        """
        return map(self.encode, blocks)

    def encode(self, block: RowBlock, made: MadeProperty | None = None) -> EncodedBlock:
        """Encode one block.

        :param made: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        judged = self.judge(block, made)
        return judged.settle(judged.sent(), judged.told)

    def judge(self, block: RowBlock, made: MadeProperty | None = None) -> JudgedBlock:
        """Make the records of one block, and say of which rows there are none.

        :param made: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        plan = self._plan(block)
        columns = [
            self._encoded(planned, screen_column(block, planned.source, screen))
            for planned, screen in zip(plan.columns, plan.screens, strict=True)
        ]
        if made is not None:
            made.refuse_others(plan.columns)
            columns.append(made.column)
        doubtful = self._doubtful(block, columns)
        records = join_records(self.kind, columns, len(block), doubtful)
        return _judge(block, plan, made, records, doubtful)

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
        rules = [column.rule for column in columns]
        settings = {**self.kind.settings, "default_country": self._default_country}
        return _Plan(
            columns=columns,
            screens=tuple(
                None if by_name[column.source] is None else choose_screen(column.rule, by_name[column.source], settings)
                for column in columns
            ),
            law=Law(
                shape,
                rules,
                constants=self.kind.constants,
                settings=self.kind.settings,
                default_country=self._default_country,
                on_bad_value=self._on_bad_value,
            ),
            repeatable=self.kind.repeatable and not any(rule.operator in NOT_REPEATABLE for rule in rules),
            columns_by_code={
                shape.field_codes[column.rule.key]: column.source
                for column in columns
                if column.rule.key in shape.field_codes
            },
        )

    def _encoded(self, planned: PlannedColumn, screened: Screened) -> EncodedColumn:
        key = planned.rule.key
        return EncodedColumn(planned.rule, screened, written=self.kind.shape.written.get(key, key))

    def _doubtful(self, block: RowBlock, columns: Sequence[EncodedColumn]) -> Mask | None:
        """Mark the rows only the law can judge."""
        shape, rows = self.kind.shape, len(block)
        doubts = [column.screened.doubtful for column in columns]
        doubts.append(none_if_clear(_filled(columns, shape.identifiers, rows) != 1))
        needed = [field for field in shape.required if field not in self.kind.constants]
        doubts += [none_if_clear(_filled(columns, (field,), rows) == 0) for field in needed]
        properties = [column.rule.key for column in columns if column.rule.in_data]
        if len(properties) > self.kind.settings.get("property_limit", len(properties)):
            doubts.append(none_if_clear(_filled(columns, properties, rows) > self.kind.settings["property_limit"]))
        if block.faults:
            at_fault = np.zeros(rows, np.bool_)
            at_fault[list(block.faults)] = True
            doubts.append(at_fault)
        return functools.reduce(either, doubts, None)


def _filled(columns: Iterable[EncodedColumn], keys: Collection[str], rows: int) -> NDArray[np.int64]:
    """Count for each row how many of some fields it fills."""
    counts = np.zeros(rows, np.int64)
    for column in columns:
        if column.rule.key in keys:
            counts += column.screened.text.is_valid().to_numpy(zero_copy_only=False)
    return counts


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


def _judge(block: RowBlock, plan: _Plan, made: MadeProperty | None, records: Any, doubtful: Mask | None) -> JudgedBlock:
    """Let the law judge the doubtful rows, and put its records in their places."""
    told: dict[int, Told] = {}
    written: list[str | None] = []
    repeatable = plan.repeatable
    for index, verdict in () if doubtful is None else _verdicts(block, plan, made, np.flatnonzero(doubtful)):
        sent = verdict.record is not None
        if verdict.faults or not sent:
            told[index] = Told(sent, verdict.empty, _named(plan, made, verdict, block, index))
        repeatable = repeatable and verdict.repeatable
        written.append(msgspec.json.encode(verdict.record).decode() + "," if sent else None)
    if any(written):
        records = pc.replace_with_mask(records, pa.array(doubtful), pa.array(written, pa.string()))
    return JudgedBlock(block, records, told, repeatable, plan.columns_by_code)


def _verdicts(
    block: RowBlock, plan: _Plan, made: MadeProperty | None, indices: NDArray[np.int64]
) -> Iterable[tuple[int, Verdict]]:
    places = pa.array(indices)
    cells = [
        block.columns[column.source].take(places).to_pylist()
        if column.source in block.columns
        else [block.objects[column.source][index] for index in indices]
        for column in plan.columns
    ]
    for place, index in enumerate(indices.tolist()):
        if index in block.faults:
            fault = block.faults[index]
            yield index, Verdict(None, (Fault(fault.column, None, fault.reason),))
        else:
            properties, left_out = ({}, ()) if made is None else made.for_law(index)
            yield index, plan.law.judge([column[place] for column in cells], properties, left_out)


def _named(
    plan: _Plan, made: MadeProperty | None, verdict: Verdict, block: RowBlock, index: int
) -> tuple[tuple[str, Fault], ...]:
    # People fix cells, so a fault is told by its source column; the record's own field only where no column fills it.
    sources = {column.rule.key: column.source for column in plan.columns} if index not in block.faults else {}
    if made is not None:
        sources |= made.sources
    return tuple((sources.get(fault.field, fault.field), fault) for fault in verdict.faults)
