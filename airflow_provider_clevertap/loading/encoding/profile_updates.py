"""Encode two records of each row: an event, and the profile update that precedes it.

CleverTap advises uploading profiles before events, see "imports FAQ" on https://docs.clevertap.com/docs/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.columns import Column, ColumnChoice
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.loading.encoding.blocks import (
    EncodedBlock,
    RowIssues,
    ValidatedBlock,
    without_unsent,
)
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.mapping.parse import parse_named_columns
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn, plan_columns
from airflow_provider_clevertap.loading.options import Unmapped
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, as_mask

#: The argument that names the columns of profile updates; every message about them begins with it.
_ARGUMENT = "profile_columns"


def parse_profile_columns(
    kind: RecordKind, columns: Mapping[str, ColumnChoice] | Sequence[str] | None
) -> dict[str, Column] | None:
    """Read which columns go into the profile update that precedes the row's main record.

    :param kind: the kind of the main record.
    :param columns: as ``columns`` of a load, or a list of names that keep their names; ``None`` for no profile updates.
    :raises ConfigurationError: when no profile update can precede this kind of record, or there are no columns.
    :raises MappingError: when a column cannot go into a profile update.
    """
    if columns is None:
        return None
    if kind.profile_update_kind is None:
        raise ConfigurationError(f"{_ARGUMENT} is for events, not for {kind.name}: use columns")
    choices = parse_named_columns(_ARGUMENT, columns)
    return {source: _check_choice(source, choice, kind.profile_update_kind) for source, choice in choices.items()}


def _check_choice(source: str, choice: Column | None, kind: RecordKind) -> Column:
    if choice is None:
        raise MappingError(f"{_ARGUMENT}: column {source!r} would be left out: do not name it here")
    key = kind.schema.canonical(source if choice.name is None else str(choice.name))
    if key in kind.schema.top:
        raise MappingError(
            f"{_ARGUMENT}: column {source!r} would become {key}, which is not a property: an update "
            "always goes to the owner of the event; name the column that identifies the owner in columns"
        )
    return choice


class EventWithProfileEncoder:
    """Encodes row blocks as records that are each preceded by a profile update of the same owner.

    A column of the profile updates is not a property of the main records, unless ``choices`` names it too. A row is
    sent as a whole or not at all. A row that fills no property of the profile has no profile update.

    :param kind: the kind of the main records.
    :param profile_update_kind: the kind of the profile updates.
    :param choices: what the columns of the main records become.
    :param profile_choices: what the columns of the profile updates become.
    :param unmapped: what happens to columns that neither of them names.
    :param options: see :class:`Encoder`.
    """

    def __init__(
        self,
        kind: RecordKind,
        profile_update_kind: RecordKind,
        choices: Mapping[str, Column | None],
        profile_choices: Mapping[str, Column],
        *,
        unmapped: Unmapped = "send",
        **options: Any,
    ) -> None:
        top = kind.schema.top if unmapped == "send" else ()
        no_properties = [name for name in profile_choices if kind.schema.canonical(name) not in top]
        self._main = Encoder(kind, {**dict.fromkeys(no_properties), **choices}, unmapped=unmapped, **options)
        self._profile_updates = _ProfileUpdateEncoder(self._main, profile_update_kind, profile_choices, **options)

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode all blocks of the source, in their order.

        :raises MappingError: when a block's columns cannot become records as asked.
        """
        return map(self.encode, blocks)

    def encode(self, block: RowBlock, derived: DerivedField | None = None) -> EncodedBlock:
        """Encode one block.

        :param derived: a property of the main records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        main, updates = self._main.validate(block, derived), self._profile_updates.validate(block)
        row_issues = _joined_issues(main, updates)
        sent = without_unsent(np.ones(len(block), np.bool_), row_issues)
        with_update = sent & self._profile_updates.rows_with_properties(updates)
        return main.encoded(sent, row_issues, updates.encoded(with_update, {}))

    def unused_columns(self) -> list[str]:
        """Return the columns the user named that no block had so far."""
        return self._main.unused_columns()

    def new_notes(self) -> list[str]:
        """Return what the user should know about the mapping, each note once."""
        return list(dict.fromkeys([*self._main.new_notes(), *self._profile_updates.new_notes()]))

    def closing_notes(self) -> list[str]:
        """Return what the user should know at the end of the source."""
        return list(dict.fromkeys([*self._main.closing_notes(), *self._profile_updates.closing_notes()]))


class _ProfileUpdateEncoder(Encoder):
    """Encodes the profile updates: their own columns, and the owner of the main record.

    :param main: encodes the main records.
    """

    def __init__(self, main: Encoder, kind: RecordKind, choices: Mapping[str, Column], **options: Any) -> None:
        try:
            super().__init__(kind, choices, unmapped="ignore", **options)
        except MappingError as error:
            raise MappingError(f"{_ARGUMENT}: {error}") from None
        self._main = main

    def plan_columns(self, names: Sequence[str]) -> tuple[PlannedColumn, ...]:
        schema = self.kind.schema
        owner = [column for column in self._main.plan_columns(names) if column.rule.key in schema.identifiers]
        try:
            # Planning the main record has checked already that all columns exist and that one identifies the owner.
            own = plan_columns(
                names,
                self._choices,
                schema=schema,
                unmapped="ignore",
                fixed=False,
                latest_birth=self.kind.latest_birth,
            )
        except MappingError as error:
            raise MappingError(f"{_ARGUMENT}: {error}") from None
        return (*owner, *own)

    def spellings(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Return the columns that fill a field together, also those of the main record: its owner is needed here."""
        own = super().spellings(names)
        return {
            name: group for name, group in self._main.spellings(names).items() if not {*group} & {*self._choices}
        } | own

    def rows_with_properties(self, validated: ValidatedBlock) -> Mask:
        """Mark the rows whose record has a property."""
        # The properties come last. Text inside them cannot end like this, because its quotes are escaped.
        without = pc.ends_with(validated.records, f'"{self.kind.schema.data}":{{}}}},')
        return ~as_mask(without)


def _joined_issues(main: ValidatedBlock, updates: ValidatedBlock) -> dict[int, RowIssues]:
    """Return the issues of rows whose main record and profile update were both validated."""
    row_issues = dict(main.row_issues)
    for row, of_update in updates.row_issues.items():
        of_main = main.row_issues.get(row, RowIssues())
        row_issues[row] = RowIssues(
            sent=of_main.sent and of_update.sent,
            empty=of_main.empty and of_update.empty,
            # Both records have the same owner, and so the same issues of its fields.
            issues=tuple(dict.fromkeys((*of_main.issues, *of_update.issues))),
        )
    return row_issues
