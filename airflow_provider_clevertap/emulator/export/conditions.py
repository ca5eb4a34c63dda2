"""The filters of CleverTap's query language as SQL conditions.

https://developer.clevertap.com/docs/clevertap-query-language; the spellings of operators that clients use besides the
documented ones are accepted too. Keys that are not known are silently ignored, as CleverTap does. In the SQL ``e`` is
the event and ``p`` its profile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.export.rejections import invalid, malformed
from airflow_provider_clevertap.emulator.settings import MAX_INTEGER

NOTHING = "0"
"""The condition of a filter on something that an emulator never knows, such as a place or a session."""


OLDER_NAME = "props"
"""The name that CleverTap's own Node client has for ``event_properties``."""


class Condition(NamedTuple):
    """A condition in SQL and the values of its parameters."""

    sql: str
    values: tuple[Any, ...] = ()


_HAS_ITEM = (
    "EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid({0}) THEN {0} ELSE '{{}}' END) j,"
    " json_each(CASE j.type WHEN 'array' THEN j.value WHEN 'true' THEN '[\"True\"]'"
    " WHEN 'false' THEN '[\"False\"]' ELSE json_array(j.value) END) i WHERE j.key = ? AND {1})"
)
"""A document has a property with a value ``i``: an item of a list, or the one value. Booleans are texts in queries."""

_COMPARISONS = {
    "greater_than": ">",
    "greater_than_equals": ">=",
    "greater_than_or_equal": ">=",
    "less_than": "<",
    "less_than_equals": "<=",
    "less_than_or_equal": "<=",
}
_NEGATIONS = {
    "not_equals": "equals",
    "notEquals": "equals",
    "does_not_contain": "contains",
    "not_contains": "contains",
}
_PLATFORM_TYPES = {"android": ("fcm", "gcm"), "ios": ("apns",), "windows": ("wns", "mpns"), "web": ("chrome",)}
_UNKNOWN_PROFILE_FILTERS = ("demographics", "app_fields", "geo_fields", "geo_radius")


def event_conditions(query: dict[str, Any], event: str = "e") -> list[Condition]:
    """Return the conditions on an event that a query names."""
    filters = [*_list(query, "event_properties"), *_list(query, OLDER_NAME)]
    found = [_property(f"{event}.data", filter_) for filter_ in filters]
    return [*found, *(Condition(NOTHING) for _ in _list(query, "session_properties"))]


def profile_conditions(query: dict[str, Any]) -> list[Condition]:
    """Return the conditions on a profile that a query names."""
    filters = query.get("common_profile_properties", {})
    if not isinstance(filters, dict):
        raise malformed()
    found = [_property("p.data", filter_) for filter_ in _list(filters, "profile_fields")]
    found += [_reachability(filter_) for filter_ in _list(filters, "reachability")]
    found += [_technographic(filter_) for filter_ in _list(filters, "technographics")]
    unknown = [filter_ for name in _UNKNOWN_PROFILE_FILTERS for filter_ in _list(filters, name)]
    return [*found, *(Condition(NOTHING) for _ in unknown)]


def behaviour_conditions(query: dict[str, Any], did: Callable[[dict[str, Any]], Condition]) -> list[Condition]:
    """Return the conditions on what else the person of an event did.

    :param did: returns the condition that the person of ``p`` did what an inner query names.
    """
    advanced = query.get("advanced_query", {})
    if not isinstance(advanced, dict):
        raise malformed()
    found = [did(inner) for inner in _list(advanced, "did_all")]
    found += [Condition(f"NOT {sql}", values) for sql, values in map(did, _list(advanced, "did_none"))]
    anything = advanced.get("did_any")
    if isinstance(anything, dict):
        choices = [did(inner) for inner in _list(anything, "any_events")]
        found.append(joined(choices, " OR ") if choices else Condition(NOTHING))
    return found


def joined(conditions: list[Condition], word: str = " AND ") -> Condition:
    """Return one condition for several."""
    sql = word.join(f"({condition.sql})" for condition in conditions) or "1"
    return Condition(f"({sql})", tuple(value for condition in conditions for value in condition.values))


def comparison(operator: object) -> str | None:
    """Return the SQL operator that compares numbers, ``None`` when it is not such an operator."""
    return "=" if operator == "equals" else _COMPARISONS.get(operator) if isinstance(operator, str) else None


def is_storable(value: object) -> bool:
    """Return whether this is a whole number that SQLite can hold."""
    return type(value) is int and abs(value) <= MAX_INTEGER


def _list(query: dict[str, Any], name: str) -> list[Any]:
    found = query.get(name, [])
    if not isinstance(found, list):
        raise malformed()
    return found


def _property(document: str, filter_: Any) -> Condition:
    if not isinstance(filter_, dict) or type(filter_.get("name")) is not str:
        raise malformed()
    operator = filter_.get("operator", "equals")
    has = Condition(_HAS_ITEM.format(document, "1"), (filter_["name"],))
    if operator in ("exists", "does_not_exist"):
        return has if operator == "exists" else Condition(f"NOT {has.sql}", has.values)
    values = _values(filter_.get("value"))
    negated = _NEGATIONS.get(operator) if isinstance(operator, str) else None
    test = _test(negated or operator, values)
    condition = Condition(_HAS_ITEM.format(document, test.sql), (filter_["name"], *test.values))
    if negated is None:
        return condition
    return joined([has, Condition(f"NOT {condition.sql}", condition.values)])


def _test(operator: Any, values: list[Any]) -> Condition:
    if operator in ("equals", "in"):
        return Condition(f"i.value IN ({','.join('?' * len(values))})", tuple(values))
    if operator == "contains":
        tests = [Condition("instr(i.value, ?) > 0", (str(value),)) for value in values]
        return joined(tests, " OR ")
    is_number = "typeof(i.value) IN ('integer', 'real')"
    if operator == "between" and len(values) == len(("low", "high")):
        return Condition(f"{is_number} AND i.value BETWEEN ? AND ?", tuple(values))
    compares = comparison(operator)
    if compares is None or len(values) != 1:
        raise invalid(f"Invalid operator : {operator}")
    return Condition(f"{is_number} AND i.value {compares} ?", tuple(values))


def _values(value: Any) -> list[Any]:
    """Return the value of a filter as a list of values that SQLite compares."""
    values = value if isinstance(value, list) else [value]
    if not all(type(one) in (str, float, bool) or is_storable(one) for one in values):
        raise malformed()
    return [str(one) if type(one) is bool else one for one in values]


def _reachability(filter_: Any) -> Condition:
    if not isinstance(filter_, dict):
        raise malformed()
    if filter_.get("name") != "has_token":
        return Condition(NOTHING)
    has_token = _token_condition("1")
    return has_token if _values(filter_.get("value", "True"))[0] == "True" else Condition(f"NOT {has_token.sql}")


def _technographic(filter_: Any) -> Condition:
    if not isinstance(filter_, dict):
        raise malformed()
    if filter_.get("name") != "OS" or filter_.get("operator", "equals") != "equals":
        return Condition(NOTHING)
    wanted = [str(value).lower() for value in _values(filter_.get("value"))]
    types = [type_ for name in wanted for type_ in _PLATFORM_TYPES.get(name, ())]
    return _token_condition(f"t.token_type IN ({','.join('?' * len(types))})", tuple(types))


def _token_condition(sql: str, values: tuple[Any, ...] = ()) -> Condition:
    return Condition(
        "EXISTS (SELECT 1 FROM profile_keys k JOIN tokens t ON t.object_id = k.value"
        f" WHERE k.profile_id = p.id AND k.kind = 'objectId' AND {sql})",
        values,
    )
