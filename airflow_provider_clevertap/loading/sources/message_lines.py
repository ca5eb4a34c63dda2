"""Read JSON Lines of messages: the fields that every message has, and the rest of a line only where it is needed.

Most of a message is its context, which few records need. Decoding all of it would take most of the time of a load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

import msgspec

from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.sources.column_names import MAX_COLUMNS
from airflow_provider_clevertap.loading.sources.json_lines import JsonLinesReader, block_of_objects, is_deep

_decode: Final = msgspec.json.Decoder().decode


class Message(msgspec.Struct, gc=False):
    """The fields of a message, whatever its type.

    :param line: the text of the message, which is not a field of it.
    """

    type: Any = None
    messageId: Any = None  # noqa: N815 (the platforms' names)
    userId: Any = None  # noqa: N815
    anonymousId: Any = None  # noqa: N815
    previousId: Any = None  # noqa: N815
    event: Any = None
    name: Any = None
    timestamp: Any = None
    originalTimestamp: Any = None  # noqa: N815
    sentAt: Any = None  # noqa: N815
    receivedAt: Any = None  # noqa: N815
    properties: Any = None
    traits: Any = None
    integrations: Any = None
    line: Any = b""


class Context(msgspec.Struct, gc=False):
    """The parts of a context that records are made of."""

    traits: Any = None
    device: Any = None
    os: Any = None


class _WithContext(msgspec.Struct, gc=False):
    context: Any = None


class _WithParts(msgspec.Struct, gc=False):
    context: Context | None = None


_FIELDS: Final = frozenset(Message.__struct_fields__) - {"line"}
_PARTS: Final = frozenset(Context.__struct_fields__)
_decode_message: Final = msgspec.json.Decoder(Message).decode
_decode_context: Final = msgspec.json.Decoder(_WithContext).decode
_decode_parts: Final = msgspec.json.Decoder(_WithParts).decode
_FAILURES: Final = (UnicodeDecodeError, msgspec.DecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class MessageLines(RowBlock):
    """Messages of one file. The block has no columns: :meth:`values` returns the fields of the messages.

    :param messages: the messages from row ``messages_from`` on; an empty one for a line that is not a message.
    """

    messages: Sequence[Message] = field(default=(), repr=False)
    messages_from: int = 1

    def own_messages(self) -> Sequence[Message]:
        """Return the messages of the rows: a part of a block shares those of the whole."""
        start = self.first_row - self.messages_from
        return self.messages[start : start + len(self)]

    def values(self, name: str) -> list[Any]:
        """Return a field at the top of the messages."""
        messages = self.own_messages()
        if name in _FIELDS:
            return list(map(attrgetter(name), messages))
        if name == "context":
            return [getattr(_decoded(_decode_context, message.line), "context", None) for message in messages]
        return [_object(message.line).get(name) for message in messages]

    def parts_of_context(self) -> Mapping[str, list[Any]]:
        """Return the parts of the contexts that records are made of."""
        found = [getattr(_decoded(_decode_parts, message.line), "context", None) for message in self.own_messages()]
        return {part: [None if one is None else getattr(one, part) for one in found] for part in _PARTS}

    def as_read(self, rows: Sequence[int]) -> tuple[RowBlock, Sequence[int]]:
        """Return some rows as the source has them; only they are decoded."""
        messages = self.own_messages()
        objects = [_object(messages[row].line) for row in rows]
        return block_of_objects(self.file, self.first_row, objects, {}), range(len(rows))


def _decoded(decode: Callable[[bytes], Any], line: bytes) -> Any:
    try:
        return decode(line) if line else None
    except _FAILURES:
        return None


def _object(line: bytes) -> dict[str, Any]:
    found = _decoded(_decode, line)
    return found if isinstance(found, dict) and not is_deep(found) else {}


class MessageLinesReader(JsonLinesReader):
    """Reads JSON Lines files of messages as row blocks."""

    def _row(self, line: bytes) -> Any:
        try:
            message = _decode_message(line)
        except _FAILURES:
            row = super()._row(line)
            return row if isinstance(row, RowError) else RowError("the line is not a message")
        if isinstance(message.properties, dict) and len(message.properties) > MAX_COLUMNS:
            return RowError(f"the message has more than {MAX_COLUMNS:,} properties")
        message.line = line
        return message

    def _keys(self, row: Any) -> Sequence[str]:  # noqa: ARG002 (a block of messages has no columns)
        return ()

    def _block(self, file: str, first_row: int, rows: list[Any], row_errors: dict[int, RowError]) -> RowBlock:
        empty = Message()
        messages = [row or empty for row in rows] if row_errors else rows
        return MessageLines(
            file, first_row, (), {}, {}, row_errors, len(rows), messages=messages, messages_from=first_row
        )
