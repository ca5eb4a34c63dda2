"""Read the warehouse tables of the platforms: one row for each message, in flat columns such as ``context_os_name``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Final

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.slicing import values_of
from airflow_provider_clevertap.loading.specs.spec import MESSAGE_TYPES

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "userId": ("user_id",),
    "anonymousId": ("anonymous_id",),
    "previousId": ("previous_id",),
    "messageId": ("message_id", "id"),
    "event": ("event_text", "event"),
    "timestamp": ("timestamp",),
    "originalTimestamp": ("original_timestamp",),
    "sentAt": ("sent_at",),
    "receivedAt": ("received_at",),
}
_CONTEXT: Final = "context_"
_CONTEXT_TRAITS: Final = "context_traits_"
#: Columns that are neither properties nor traits.
_OF_MESSAGE: Final = frozenset(
    {"id", "uuid", "uuid_ts", "loaded_at", "channel", "rudder_id", *chain.from_iterable(_COLUMNS.values())}
)
_MARKS: Final = frozenset({"user_id", "anonymous_id", "event_text", "context_library_name"})
_USERS_MARKS: Final = frozenset({"received_at", "uuid_ts", "loaded_at"})
#: What the platforms' libraries collect of a page, and the names of pages and screens.
_OF_PAGES: Final = frozenset(
    {
        "name",
        "category",
        "title",
        "url",
        "path",
        "referrer",
        "search",
        "keywords",
        "tab_url",
        "referring_domain",
        "initial_referrer",
        "initial_referring_domain",
        "hash",
    }
)
_OF_DEVICES: Final = ("context_device_", "context_os_", "context_app_")
_OF_BROWSERS: Final = ("context_page_", "context_user_agent")
#: The types of message in the tables of both platforms; those of one event have the column ``event``.
_TYPES: Final[Mapping[str, str]] = {
    "identifies": "identify", "users": "identify", "tracks": "track", "pages": "page", "screens": "screen",
    "aliases": "alias", "groups": "group",
}  # fmt: skip
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_table(names: Sequence[str]) -> bool:
    """Return whether these are the columns of a warehouse table."""
    lowered = {name.lower() for name in names}
    return not lowered.isdisjoint(_MARKS) or ("id" in lowered and not lowered.isdisjoint(_USERS_MARKS))


class TableMessages:
    """The rows of one warehouse table as messages.

    :param block: the rows.
    :param kind: the kind of record that they become.
    :param tables: the names of the tables that they come from, as far as they are known.
    """

    property_prefix = ""
    trait_prefix = ""
    user_ids: Sequence[str] = ("userId",)

    def __init__(self, block: RowBlock, kind: str, tables: Sequence[str] = ()) -> None:
        self._block = block
        self._kind = kind
        self._tables = tables
        self._names = {name.lower(): name for name in block.names}
        self._is_users = self._names.keys().isdisjoint({"user_id", "anonymous_id"})

    def types(self) -> list[Any]:
        """Return the type of each message: the column ``type``, or what the table's name or its columns show.

        :raises SourceError: when neither shows it.
        """
        if self._has_types:
            return values_of(self._block, self._names["type"])
        return [self._type()] * len(self._block)

    def _has(self, prefixes: tuple[str, ...]) -> bool:
        return any(name.startswith(prefixes) for name in self._names)

    @cached_property
    def _has_types(self) -> bool:
        """Return whether the column ``type`` is the messages', and not a property of events."""
        if "type" not in self._names or self._names.keys().isdisjoint({"event", "event_text"}):
            return "type" in self._names
        values = {str(value).strip().lower() for value in values_of(self._block, self._names["type"])}
        return not values.isdisjoint(MESSAGE_TYPES)

    def _type(self) -> str:
        named = {_TYPES[name] for table in self._tables if (name := table.removesuffix("_view")) in _TYPES}
        if len(named) == len(self._tables) == 1:
            return named.pop()
        names = self._names.keys()
        if "event" in names or "event_text" in names:
            return "track"
        if "previous_id" in names:
            return "alias"
        if self._is_users or self._kind != "events":
            return "identify"
        own = {name for name in names if self._is_own(name)}
        if own <= _OF_PAGES and {"url", "path"} & own:
            return "page"
        if own <= _OF_PAGES and "name" in own and self._has(_OF_DEVICES) and not self._has(_OF_BROWSERS):
            return "screen"
        raise SourceError(
            f"{self._block.file or 'the rows'}: neither the table nor its columns show whether these rows are tracks, "
            "pages or screens. Add a column named type that holds the word track, page or screen, in a query with "
            "'screen' AS type"
        )

    def column(self, path: str) -> Any:
        """Return a field as the source has it; ``None`` where the table has no such column."""
        name = self._find(path)
        if name is None:
            return None
        return self._block.columns[name] if name in self._block.columns else self._block.objects[name]

    def values(self, path: str) -> list[Any] | None:
        """Return a field's values; ``None`` where the table has no such column."""
        name = self._find(path)
        return None if name is None else values_of(self._block, name)

    def _find(self, path: str) -> str | None:
        if path in self._names.values() and path not in _COLUMNS:
            return path
        names = _COLUMNS.get(path, (_CAPITAL.sub("_", path).replace(".", "_").lower(),))
        if self._is_users and path in ("userId", "messageId"):
            names = ("id",) if path == "userId" else ()
        return next((self._names[name] for name in names if name in self._names), None)

    def objects(self, path: str) -> list[dict[str, Any] | None] | None:
        """Return nothing: a table has no objects."""

    def properties(self) -> list[dict[str, Any] | None]:
        """Return the columns that not every message has, as one object for each row."""
        return self._rows([name for low, name in self._names.items() if self._is_own(low)])

    def traits(self) -> tuple[list[dict[str, Any] | None] | None, list[dict[str, Any] | None] | None]:
        """Return the traits of each message, and those of its context."""
        of_context = {low: name for low, name in self._names.items() if low.startswith(_CONTEXT_TRAITS)}
        context = self._rows(list(of_context.values()), [low.removeprefix(_CONTEXT_TRAITS) for low in of_context])
        return self.properties(), context if of_context else None

    def _is_own(self, name: str) -> bool:
        return name not in _OF_MESSAGE and not name.startswith(_CONTEXT) and not (name == "type" and self._has_types)

    def _rows(self, names: Sequence[str], keys: Sequence[str] | None = None) -> list[dict[str, Any] | None]:
        columns = [values_of(self._block, name) for name in names]
        if not columns:
            return [None] * len(self._block)
        keys = names if keys is None else keys
        return [dict(zip(keys, cells, strict=True)) for cells in zip(*columns, strict=True)]
