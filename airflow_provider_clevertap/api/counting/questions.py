"""Questions that CleverTap answers with numbers, checked before they are asked.

CleverTap ignores keys it does not know, so a typing mistake would change the answer without a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from airflow_provider_clevertap.api.exports.queries import check_query
from airflow_provider_clevertap.api.suggestions import suggest
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.records.limits import QUESTION_GROUPS, TOP_VALUES, TREND_DAYS

#: What can be counted, with the path of the call.
COUNTED: Final[Mapping[str, str]] = {"events": "/1/counts/events.json", "profiles": "/1/counts/profiles.json"}
TREND_TYPES: Final = ("daily", "weekly", "monthly")
#: Where a property may be (DEV top-property-counts-api).
PROPERTY_TYPES: Final = (
    "event_properties", "session_properties", "profile_fields", "app_fields", "demographics", "technographics",
    "reachability", "geo_fields",
)  # fmt: skip
_TREND_KEYS: Final = frozenset({"trend_type", "event_properties"})
_TOP_KEYS: Final = frozenset({"property_type", "name", "top_n", "order"})
#: Fields of every answer. Groups are fields next to them, so a group of such a name would hide one.
_ANSWER_FIELDS: Final = frozenset({"status", "req_id", "error", "code"})
_DAY: Final = "%Y%m%d"


@dataclass(frozen=True, slots=True)
class Question:
    """A call that CleverTap may answer later.

    :param path: the path, such as ``/1/counts/events.json``.
    :param body: the query.
    """

    path: str
    body: Mapping[str, Any]


def count_question(of: str, query: Mapping[str, Any], *, unique: bool = False) -> Question:
    """Return the question how many events or profiles a query selects.

    :param of: ``"events"`` or ``"profiles"``.
    :param query: the query.
    :param unique: count the people who raised the events, not the events.
    :raises ConfigurationError: when an argument cannot be used.
    """
    if of not in COUNTED:
        raise ConfigurationError(f"of={of!r} is not known; use {', '.join(map(repr, COUNTED))}.")
    check_query(query)
    return _question(COUNTED[of], {**query, **_unique(unique)})


def trend_question(
    query: Mapping[str, Any],
    groups: Mapping[str, Any],
    *,
    unique: bool = False,
    sum_property: str | None = None,
) -> Question:
    """Return the question how many events there are in each day, week or month.

    :param query: the query.
    :param groups: by name, ``"daily"``, ``"weekly"`` or ``"monthly"``, or CleverTap's own form of a group.
    :param unique: count the people who raised the events, not the events.
    :param sum_property: add up the values of this property instead of counting.
    :raises ConfigurationError: when an argument cannot be used.
    """
    check_query(query)
    asked = _groups(groups, _TREND_KEYS, short_for="trend_type")
    for name, group in asked.items():
        if group.get("trend_type") not in TREND_TYPES:
            raise ConfigurationError(
                f"groups[{name!r}]: {group.get('trend_type')!r} is not a trend; use "
                f"{', '.join(map(repr, TREND_TYPES))}."
            )
    days = _days_between(query)
    if days is not None and days > TREND_DAYS:
        raise ConfigurationError(f"A trend has at most {TREND_DAYS} days, and this one {days}. Ask for it in parts.")
    summed = {} if sum_property is None else {"sum_event_prop": sum_property}
    return _question("/1/counts/trends.json", {**query, **_unique(unique), **summed, "groups": asked})


def top_question(query: Mapping[str, Any], groups: Mapping[str, Any]) -> Question:
    """Return the question which values properties have most often.

    :param query: the query.
    :param groups: by name, CleverTap's form of a group: ``property_type``, ``name``, and if wanted ``top_n`` (1 to 100)
        and ``order`` (``"asc"`` or ``"desc"``). A text is short for an event property of this name.
    :raises ConfigurationError: when an argument cannot be used.
    """
    check_query(query)
    asked = _groups(groups, _TOP_KEYS, short_for="name")
    for name, group in asked.items():
        group.setdefault("property_type", "event_properties")
        where = f"groups[{name!r}]"
        if group["property_type"] not in PROPERTY_TYPES:
            raise ConfigurationError(
                f"{where}: {group['property_type']!r} is not a property_type; use {', '.join(PROPERTY_TYPES)}."
            )
        if not isinstance(group.get("name"), str) or not group["name"]:
            raise ConfigurationError(f"{where} has no name of a property.")
        most = group.get("top_n", 1)
        if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= TOP_VALUES:
            raise ConfigurationError(f"{where}: top_n must be a whole number from 1 to {TOP_VALUES}, not {most!r}.")
        if group.get("order", "desc") not in ("asc", "desc"):
            raise ConfigurationError(f"{where}: order must be 'asc' or 'desc', not {group['order']!r}.")
    return _question("/1/counts/top.json", {**query, "groups": asked})


def _question(path: str, body: Mapping[str, Any]) -> Question:
    try:
        return Question(path, json.loads(json.dumps(body)))
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"The query cannot be written as JSON: {error}.") from None


def _unique(unique: bool) -> dict[str, Any]:
    return {"unique": True} if unique else {}


def _groups(groups: Any, allowed: frozenset[str], *, short_for: str) -> dict[str, dict[str, Any]]:
    if not isinstance(groups, Mapping) or not 1 <= len(groups) <= QUESTION_GROUPS:
        raise ConfigurationError(f"groups must be a mapping with 1 to {QUESTION_GROUPS} groups by name.")
    asked: dict[str, dict[str, Any]] = {}
    for name, group in groups.items():
        if not isinstance(name, str) or not name or name in _ANSWER_FIELDS:
            raise ConfigurationError(
                f"groups: {name!r} cannot be the name of a group. CleverTap's answer has the groups beside its own "
                f"fields {', '.join(sorted(_ANSWER_FIELDS))}."
            )
        if not isinstance(group, str | Mapping):
            raise ConfigurationError(f"groups[{name!r}] must be a text or a mapping, not {type(group).__name__}.")
        asked[name] = {short_for: group} if isinstance(group, str) else dict(group)
        for key in asked[name]:
            if key not in allowed:
                raise ConfigurationError(
                    f"groups[{name!r}] has the key {key!r}, which CleverTap would ignore. {suggest(key, allowed)}"
                )
    return asked


def _days_between(query: Mapping[str, Any]) -> int | None:
    """Return the days of a query, both ends included; ``None`` when it has none that can be read."""
    try:
        first, last = (datetime.strptime(str(query[name]), _DAY) for name in ("from", "to"))
    except (KeyError, ValueError):
        return None
    return (last - first).days + 1
