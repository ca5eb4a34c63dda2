"""Check the keys of a query in CleverTap's query language.

CleverTap ignores keys it does not know (``groups`` and ``did_not`` in an export, seen live), so that a typing mistake
returns more people than were meant. Operators and values are passed on unchecked: their spelling varies.

https://developer.clevertap.com/docs/clevertap-query-language
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_clevertap.api.suggestions import suggest
from airflow_provider_clevertap.exceptions import ConfigurationError

#: The event and the days of a query; an export sets them itself.
BASE_KEYS: Final = frozenset({"event_name", "from", "to"})
#: The other keys that select events or people.
FILTER_KEYS: Final = frozenset(
    {"event_properties", "session_properties", "common_profile_properties", "advanced_query"}
)
#: The keys of each object below these.
_INNER_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "common_profile_properties": frozenset(
        {
            "profile_fields", "demographics", "technographics", "app_fields", "reachability", "geo_fields",
            "geo_radius",
        }
    ),
    "advanced_query": frozenset({"did_all", "did_any", "did_none"}),
}  # fmt: skip


def check_filters(query: Mapping[str, Any], argument: str = "query") -> None:
    """Check the keys of a query that does not name its event and days.

    :param query: the filters.
    :param argument: its name for messages.
    :raises ConfigurationError: when it has a key that CleverTap does not know, or that is set elsewhere.
    """
    for key in query:
        if key in BASE_KEYS:
            raise ConfigurationError(f"{argument} must not have {key!r}: the events and the time are arguments.")
        _check_key(key, FILTER_KEYS, argument)
    _check_inner(query, argument)


def _check_inner(query: Mapping[str, Any], argument: str) -> None:
    for outer, allowed in _INNER_KEYS.items():
        inner = query.get(outer)
        if inner is None:
            continue
        if not isinstance(inner, Mapping):
            raise ConfigurationError(f"{argument}[{outer!r}] must be a mapping, not {type(inner).__name__}.")
        for key in inner:
            _check_key(key, allowed, f"{argument}[{outer!r}]")


def check_query(query: Mapping[str, Any]) -> None:
    """Check the keys of a whole query.

    :raises ConfigurationError: when it has a key that CleverTap does not know.
    """
    for key in query:
        _check_key(key, BASE_KEYS | FILTER_KEYS, "query")
    _check_inner(query, "query")


def _check_key(key: object, allowed: frozenset[str], where: str) -> None:
    if key in allowed:
        return
    raise ConfigurationError(
        f"{where} has the key {key!r}, which CleverTap would ignore without a message, and so return too much. "
        f"{suggest(key, allowed)}"
    )
