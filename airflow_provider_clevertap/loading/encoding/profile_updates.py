"""Two records of one row: an event, and the profile update that precedes it.

CleverTap advises to upload profiles before events, see "imports FAQ" on https://docs.clevertap.com/docs/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.columns import Column, ColumnChoice
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock, RowIssues, ValidatedBlock
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.mapping.parse import parse_named_columns
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn, plan_columns
from airflow_provider_clevertap.loading.options import Unmapped
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.text_arrays import Mask

#: The argument that names the columns of profile updates; every message about them begins with it.
_ARGUMENT = "profile_columns"


def parse_profile_columns(
    kind: RecordKind, columns: Mapping[str, ColumnChoice] | Sequence[str] | None
) -> dict[str, Column] | None:
    """Read which columns go into the profile update that precedes the row's main record.

    :param kind: the kind of the main record.
    :param columns: as ``columns`` of a load, or a list of names that stay as they are; ``None`` when there are none.
    :raises ConfigurationError: when no profile update can precede this kind of record, or there are no columns.
    :raises MappingError: when a column cannot go into a profile update.
    """
    if columns is None:
        return None
    if kind.profile_update_kind is None:
        raise ConfigurationError(f"{_ARGUMENT} goes with events, not with {kind.name}: use columns")
    choices = parse_named_columns(_ARGUMENT, columns)
    return {source: _checked(source, choice, kind.profile_update_kind) for source, choice in choices.items()}


def _checked(source: str, choice: Column | None, kind: RecordKind) -> Column:
    if choice is None:
        raise MappingError(f"{_ARGUMENT}: column {source!r} becomes nothing: do not name it here")
    key = kind.shape.canonical(source if choice.name is None else str(choice.name))
    if key in kind.shape.top:
        raise MappingError(
            f"{_ARGUMENT}: column {source!r} would become {key}, which is not a property: the profile is the one the "
            "event belongs to; say in columns which column holds it"
        )
    return choice


class EventWithProfileEncoder:
    """Turns row blocks into records, each preceded by a profile update of the same owner.

    A column of the profile updates is no property of the main records, unless ``choices`` names it too. A row is sent
    as a whole or not at all. A row that fills no property of the profile has no profile update.

    :param kind: the kind of the main records.
    :param profile_update_kind: the kind of the profile updates.
    :param choices: what the columns of the main records become.
    :param profile_choices: what the columns of the profile updates become.
    :param unmapped: what happens to columns neither of them names.
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
        top = kind.shape.top if unmapped == "send" else ()
        no_properties = [name for name in profile_choices if kind.shape.canonical(name) not in top]
        self._main = Encoder(kind, {**dict.fromkeys(no_properties), **choices}, unmapped=unmapped, **options)
        self._profile_updates = _ProfileUpdateEncoder(self._main, profile_update_kind, profile_choices, **options)

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode a source's blocks.

        :raises MappingError: when a block's columns cannot become records as asked.
        """
        return map(self.encode, blocks)

    def encode(self, block: RowBlock, made: DerivedField | None = None) -> EncodedBlock:
        """Encode one block.

        :param made: a property of the main records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
        main, updates = self._main.judge(block, made), self._profile_updates.judge(block)
        told = _both_told(main, updates)
        sent = np.ones(len(block), np.bool_)
        sent[[row for row, one in told.items() if not one.sent]] = False
        return main.settle(sent, told, updates.settle(sent & self._profile_updates.fills(updates), {}))

    def never_seen(self) -> list[str]:
        """Give the columns the user named that no block had."""
        return self._main.never_seen()

    def new_notes(self) -> list[str]:
        """Give what the user should know of the mapping and has not been told yet."""
        return list(dict.fromkeys([*self._main.new_notes(), *self._profile_updates.new_notes()]))


class _ProfileUpdateEncoder(Encoder):
    """Makes the profile updates: their own columns, and the owner of the main record.

    :param main: makes the main records.
    """

    def __init__(self, main: Encoder, kind: RecordKind, choices: Mapping[str, Column], **options: Any) -> None:
        super().__init__(kind, choices, unmapped="ignore", **options)
        self._main = main

    def plan_columns(self, names: Sequence[str]) -> tuple[PlannedColumn, ...]:
        shape = self.kind.shape
        owner = [column for column in self._main.plan_columns(names) if column.rule.key in shape.identifiers]
        try:
            # Whether all of them are there and whose the record is has been looked at for the main record.
            own = plan_columns(names, self._choices, shape=shape, unmapped="ignore", fixed=False)
        except MappingError as error:
            raise _told_of(error) from None
        return (*owner, *own)

    def fills(self, judged: ValidatedBlock) -> Mask:
        """Mark the rows whose record says something of its owner."""
        # The properties come last, and text inside them cannot end like this: its quotes are escaped.
        bare = pc.ends_with(judged.records, f'"{self.kind.shape.data}":{{}}}},')
        return ~np.asarray(bare.to_numpy(zero_copy_only=False), np.bool_)


def _both_told(main: ValidatedBlock, updates: ValidatedBlock) -> dict[int, RowIssues]:
    """Give what is to be said of rows of which both records were judged."""
    told = dict(main.told)
    for row, of_update in updates.told.items():
        of_main = main.told.get(row, RowIssues())
        told[row] = RowIssues(
            sent=of_main.sent and of_update.sent,
            empty=of_main.empty and of_update.empty,
            # What is wrong with their owner is wrong with both.
            faults=tuple(dict.fromkeys((*of_main.faults, *of_update.faults))),
        )
    return told


def _told_of(error: MappingError) -> MappingError:
    return MappingError(f"{_ARGUMENT}: {error}")
