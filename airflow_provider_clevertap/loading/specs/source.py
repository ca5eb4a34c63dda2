"""A source of messages as a source of flat rows: the same rows, in the columns that records are made of."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

import numpy as np

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.arrays import split_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock, Source
from airflow_provider_clevertap.loading.rows.key_set import KeySet
from airflow_provider_clevertap.loading.rows.slicing import slice_block
from airflow_provider_clevertap.loading.sources.message_lines import MessageLines
from airflow_provider_clevertap.loading.specs.columns.events import add_events
from airflow_provider_clevertap.loading.specs.columns.flat import FlatColumns, Mapped, select_all
from airflow_provider_clevertap.loading.specs.columns.profiles import add_profiles
from airflow_provider_clevertap.loading.specs.columns.tokens import add_tokens
from airflow_provider_clevertap.loading.specs.kinds import kind_of_messages
from airflow_provider_clevertap.loading.specs.messages import NestedMessages
from airflow_provider_clevertap.loading.specs.selection import (
    reject_misshapen,
    select_types,
    skip_opted_out,
    skip_repeated,
)
from airflow_provider_clevertap.loading.specs.spec import Spec, read_spec
from airflow_provider_clevertap.loading.specs.tables import TableMessages, is_table

#: Fields of messages that no warehouse table has.
_NESTED: Final = frozenset({"userId", "messageId", "anonymousId", "properties", "traits", "context"})
#: The fields that hold objects, of the messages that each kind of record takes.
_OBJECTS_OF: Final = {
    "events": ("properties",), "profiles": ("traits", "context.traits"), "device tokens": ("context.device",),
}  # fmt: skip
#: A block with more cells is made in parts, which happens when every message has different properties.
_MAX_CELLS: Final = 4 << 20
#: The notes of a load; a source may have thousands of names.
_MAX_NOTES: Final = 20


class MessagesSource:
    """Messages of a platform as rows of flat columns.

    Every row of the source is a row here, so that its number stays the same. A message that does not become a record is
    skipped or has an error.

    :param source: the source of the messages.
    :param spec: how they are read.
    :param kind: the kind of record.
    :param chosen: the user's columns, by path.
    :param unmapped: what happens to properties without a choice.
    :param log: gets what the user should know about names.
    """

    fixed_columns = False

    def __init__(  # noqa: PLR0917
        self,
        source: Source,
        spec: Spec,
        kind: RecordKind,
        chosen: Mapping[str, Column | None],
        unmapped: str,
        log: logging.Logger,
    ) -> None:
        self._source = source
        self._spec = spec
        self._log = log
        self._notes: set[str] = set()
        self._mapped = Mapped(chosen, kind.schema, kind.constants, unmapped, self._note, spec.strict)
        self.nested = source.nested
        self.many_files = source.many_files

    @property
    def name(self) -> str:
        """The name of the source for messages."""
        return self._source.name

    @property
    def choices(self) -> Mapping[str, Column | None]:
        """What the columns of the blocks so far become, as far as the user has not chosen it."""
        return self._mapped.choices

    def fingerprint(self) -> str | None:
        """Return the fingerprint of the messages."""
        return self._source.fingerprint()

    def is_large(self) -> bool:
        """Return whether the source is known to have many blocks."""
        return self._source.is_large()

    def progress(self) -> float | None:
        """Return the share of the source read so far."""
        return self._source.progress()

    def blocks(self) -> Iterator[RowBlock]:
        """Read the messages from the start.

        :raises SourceError: when the source cannot be read, or its columns are not those of messages.
        """
        known = KeySet()
        for block in self._source.blocks():
            if self._source.fixed_columns:
                self._check_columns(block)
            if not len(block):
                yield RowBlock(block.file, block.first_row, (), {})
            else:
                for part in self._parts(block):
                    yield self._flatten(part, known)

    def _check_columns(self, block: RowBlock) -> None:
        names = block.names
        if names and not is_table(names) and "type" not in names:
            raise SourceError(
                f"{self.name}: these are not messages of {self._spec.label}: there is neither a column type nor one "
                f"such as user_id. Check spec={self._spec.name!r}, or load the file without it, with columns."
            )

    def _parts(self, block: RowBlock) -> Iterator[RowBlock]:
        orders = dict.fromkeys(tuple(one) for one in self._messages(block).properties() if one)
        names = len({name for order in orders for name in order}) if len(orders) > 1 else 0
        if names * len(block) <= _MAX_CELLS or len(block) == 1:
            yield block
            return
        middle = len(block) // 2
        yield from self._parts(slice_block(block, 0, middle))
        yield from self._parts(slice_block(block, middle, len(block)))

    def _messages(self, block: RowBlock) -> Any:
        names = block.names
        is_nested = not _NESTED.isdisjoint(names) or isinstance(block, MessageLines)
        if is_nested or not is_table(names):
            return NestedMessages(block)
        tables = getattr(self._source, "tables", None) or (PurePath(block.file).name.partition(".")[0].lower(),)
        return TableMessages(block, self._spec.kind, tables)

    def _flatten(self, block: RowBlock, known: KeySet) -> RowBlock:
        messages = self._messages(block)
        unsent = select_all(len(block), block.row_errors)
        flat = FlatColumns(self._mapped, len(block))
        types = select_types(messages.types(), unsent, self._spec)
        skip_opted_out(messages.objects("integrations"), unsent)
        for path in _OBJECTS_OF[self._spec.kind] if isinstance(messages, NestedMessages) else ():
            reject_misshapen(path, messages.values(path), unsent)
        if self._spec.kind == "events":
            add_events(messages, types, unsent, flat, self._spec)
        elif self._spec.kind == "profiles":
            add_profiles(messages, types, unsent, flat, self._spec)
        else:
            add_tokens(messages, unsent, flat, self._spec)
        for path, choice in self._mapped.chosen.items():
            if choice is not None and path not in flat.columns and (values := messages.column(path)) is not None:
                flat.add_chosen(path, values)
        skip_repeated(messages.column("messageId"), unsent, known)
        columns, objects = split_columns(flat.columns)
        return RowBlock(
            block.file,
            block.first_row,
            tuple(flat.columns),
            columns,
            objects,
            unsent.errors,
            len(block),
            skipped={reason: np.array(rows, np.int64) for reason, rows in unsent.skipped.items()},
            original=block,
        )

    def _note(self, text: str) -> None:
        if text not in self._notes and len(self._notes) < _MAX_NOTES:
            self._notes.add(text)
            self._log.warning("%s", text)


def open_messages(
    source: Source,
    kind: RecordKind,
    options: LoadOptions,
    chosen: Mapping[str, Column | None],
    log: logging.Logger,
) -> tuple[MessagesSource, RecordKind]:
    """Return a source of messages as a source of flat rows, and the kind of record that these become.

    :param kind: the kind of record.
    :param options: the options of the load, with a spec.
    :param chosen: the user's columns, by path.
    :param log: gets what the user should know about names.
    :raises ConfigurationError: when the spec does not fit the kind of record or another option.
    """
    spec = read_spec(options, kind)
    kind = kind_of_messages(kind, spec)
    return MessagesSource(source, spec, kind, chosen, options.unmapped, log), kind
