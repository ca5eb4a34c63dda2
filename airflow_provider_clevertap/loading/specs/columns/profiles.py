"""Messages of type identify and alias become profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.property_column import PropertyColumn
from airflow_provider_clevertap.loading.rows.block import RowError
from airflow_provider_clevertap.loading.specs.columns.events import TIME_PATHS, listed
from airflow_provider_clevertap.loading.specs.columns.flat import FlatColumns, Unsent
from airflow_provider_clevertap.loading.specs.messages import first_filled, flatten
from airflow_provider_clevertap.loading.specs.selection import check_owners
from airflow_provider_clevertap.loading.specs.spec import Spec

#: Traits with a field of their own in CleverTap.
_FIELDS: Final[Mapping[str, str]] = {
    "email": "Email",
    "phone": "Phone",
    "gender": "Gender",
    "employed": "Employed",
    "birthday": "DOB",
    "education": "Education",
    "married": "Married",
    "customerType": "Customer Type",
    "avatar": "Photo",
}
#: Traits that some teams spell as CleverTap does; the platforms' spelling wins.
_SPELLINGS: Final[Mapping[str, str]] = {"Name": "name", **{field: trait for trait, field in _FIELDS.items()}}
_FIRST_NAMES: Final = ("firstName", "firstname", "first_name")
_LAST_NAMES: Final = ("lastName", "lastname", "last_name")
_OVERRIDES: Final = "overrideFields"
#: Traits that are not custom attributes.
_EXCLUDED: Final = frozenset(
    {*_FIELDS, *_FIRST_NAMES, *_LAST_NAMES, "name", "anonymousId", "userId", "id", "ts", _OVERRIDES}
)
#: A warehouse spells this trait in its own way.
_OF_TABLES: Final = frozenset({"customer_type"})
_LISTS: Final = frozenset({"category-unsubscribe", "category-resubscribe"})
#: The only words for a gender that RudderStack sends.
_GENDERS: Final = {
    **dict.fromkeys(("f", "F", "Female", "female", "FEMALE"), "F"),
    **dict.fromkeys(("m", "M", "Male", "male", "MALE"), "M"),
}


def add_profiles(messages: Any, types: Sequence[str | None], unsent: Unsent, flat: FlatColumns, spec: Spec) -> None:
    """Add the columns of profiles.

    :param types: the type of each message.
    :param unsent: the messages that become no profile; more are added to it.
    :param flat: takes the columns.
    """
    aliases = [row for row, kind in enumerate(types) if kind == "alias" and unsent.selected[row]]
    _add_owners(messages, aliases, unsent, flat, spec)
    own, of_context = messages.traits()
    prefix = messages.trait_prefix
    overrides = unsent.blank_out(messages.objects(f"{prefix}{_OVERRIDES}") or [None] * flat.rows)
    if aliases:  # an alias has ids and a time, and no other fields
        overrides = list(overrides)
        for row in aliases:
            overrides[row] = None
    _add_fields(messages, own, of_context, aliases, overrides, flat, spec)
    others = _other_traits(own, of_context, aliases, overrides, unsent, is_table=not prefix)
    if spec.strict:
        others = [_with_paths(one) if one and any("." in key for key in one) else one for one in others]
    for key, values in flatten(others).items():
        if key in _SPELLINGS and flat.fill(f"{prefix}{_SPELLINGS[key]}", values):
            continue
        flat.add_property(f"{prefix}{key}", key, values, is_literal=spec.strict, is_nested=key in _LISTS)
    for key, values in flatten(overrides).items():
        flat.add_property(f"{prefix}{_OVERRIDES}.{key}", key, values, is_literal=spec.strict, is_nested=True)
    times = [f"{prefix}ts", "context.traits.ts", *(() if spec.strict else TIME_PATHS)]
    flat.add_field("timestamp", "ts", first_filled(messages, times, flat.rows))


def _add_owners(messages: Any, aliases: list[int], unsent: Unsent, flat: FlatColumns, spec: Spec) -> None:
    rows = flat.rows
    users = listed(first_filled(messages, messages.user_ids, rows))
    anonymous = listed(first_filled(messages, ("anonymousId",), rows))
    previous = messages.values("previousId") or [None] * rows
    if aliases:
        nameless = [row for row in aliases if not previous[row] or users[row] is None]
        unsent.reject(nameless, RowError("an alias needs a previousId and a userId", "previousId"))
    if not flat.owner_is_chosen:
        check_owners(users, anonymous, unsent, spec)
    identity = [other if user is None else user for user, other in zip(users, anonymous, strict=True)]
    in_data: list[Any] = [None] * rows
    objects: list[Any] = [None] * rows
    if spec.use_object_id:
        objects = list(anonymous)
        in_data = [user if other is not None else None for user, other in zip(users, anonymous, strict=True)]
        identity = [user if other is None else None for user, other in zip(users, anonymous, strict=True)]
    for row in aliases:
        identity[row], in_data[row], objects[row] = previous[row], users[row], None
    flat.add_field("userId", "identity", identity)
    if spec.use_object_id:
        flat.add_field("anonymousId", "objectId", objects)
    if any(value is not None for value in in_data):
        flat.add_field("userId (profile)", "identity of the profile", in_data, PropertyColumn("identity"))


def _add_fields(  # noqa: PLR0917
    messages: Any,
    own: list[Any] | None,
    of_context: list[Any] | None,
    aliases: list[int],
    overrides: list[Any],
    flat: FlatColumns,
    spec: Spec,
) -> None:
    """Add the traits with a field of their own; those of the message come before those of its context."""

    def find(*keys: str) -> list[Any] | None:
        found: list[Any] | None = None
        for traits in (own, of_context):
            for key in keys if traits is not None else ():
                values = [(one.get(key) if one else None) for one in traits or ()]
                if found is not None:
                    values = [b if a in (None, "") else a for a, b in zip(found, values, strict=True)]
                found = values
        return found

    def add(trait: str, target: str, values: list[Any] | None, choice: Column | None = None) -> None:
        path = f"{messages.trait_prefix}{trait}"
        if values is None or flat.is_chosen(path):
            return
        hidden = [*aliases, *(row for row, fields in enumerate(overrides) if fields and target in fields)]
        if hidden:
            values = list(values)
            for row in hidden:
                values[row] = None
        if any(value is not None for value in values):
            flat.add_field(path, target, values, choice)

    for trait, target in _FIELDS.items():
        values = find(trait, "customer_type") if trait == "customerType" and not messages.trait_prefix else find(trait)
        choice = None
        if trait == "gender":
            choice = Column(target, on_bad_value="drop")
            if spec.strict and values is not None:
                values = [_GENDERS.get(value) if isinstance(value, str) else None for value in values]
        add(trait, target, values, choice)
    add("name", "Name", _full_names(find("name"), find(*_FIRST_NAMES), find(*_LAST_NAMES), spec))


def _full_names(
    names: list[Any] | None, first: list[Any] | None, last: list[Any] | None, spec: Spec
) -> list[Any] | None:
    if first is None and last is None:
        return names
    rows = len(first or last or ())
    parts = zip(names or [None] * rows, first or [None] * rows, last or [None] * rows, strict=True)
    joined = []
    for name, *both in parts:
        filled = [str(one) for one in both if one not in (None, "")]
        is_enough = len(filled) == len(both) or (filled and not spec.strict)
        joined.append(name if name not in (None, "") else " ".join(filled) if is_enough else None)
    return joined


def _other_traits(
    own: list[Any] | None,
    of_context: list[Any] | None,
    aliases: list[int],
    overrides: list[Any],
    unsent: Unsent,
    *,
    is_table: bool,
) -> list[dict[str, Any] | None]:
    """Return the traits that are custom attributes; those of the context win."""
    rows = len(unsent.selected)
    excluded = _EXCLUDED | _OF_TABLES if is_table else _EXCLUDED
    kept = unsent.selected.copy()
    kept[aliases] = False
    pairs = zip(own or [None] * rows, of_context or [None] * rows, overrides, kept.tolist(), strict=True)
    others: list[dict[str, Any] | None] = []
    for first, second, fields, is_kept in pairs:
        if not is_kept:
            others.append(None)
            continue
        merged = {**first, **second} if first and second else first or second or {}
        out = excluded if not fields else excluded | fields.keys()
        others.append({key: value for key, value in merged.items() if key not in out})
    return others


def _with_paths(fields: dict[str, Any]) -> dict[str, Any]:
    """Return traits with an object for a name with dots, as RudderStack's code sets them by their path."""
    nested: dict[str, Any] = {}
    for key, value in fields.items():
        *parents, last = key.split(".")
        inner = nested
        for parent in parents:
            held = inner.get(parent)
            # The message's own objects stay as they are: they are written to the rejects file.
            inner[parent] = dict(held) if isinstance(held, dict) else {}
            inner = inner[parent]
        inner[last] = value
    return nested
