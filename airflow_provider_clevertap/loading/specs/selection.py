"""Decide which messages of a block become records, and why the others do not."""

from __future__ import annotations

from collections import defaultdict
from types import NoneType
from typing import Any, Final

import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.arrays import from_values
from airflow_provider_clevertap.loading.rows.block import RowError
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, null_scalar
from airflow_provider_clevertap.loading.rows.key_set import KeySet, key_texts
from airflow_provider_clevertap.loading.specs.columns.flat import Unsent
from airflow_provider_clevertap.loading.specs.messages import object_of
from airflow_provider_clevertap.loading.specs.spec import MESSAGE_TYPES, Spec

_EVERYWHERE: Final = {"All": True}
_OWN_NAME: Final = "clevertap"
_OBJECTS: Final = frozenset({dict, NoneType})
REPEATED: Final = "a message with the same messageId precedes it in this load"
_ANONYMOUS: Final = "the person has no user id, and anonymous people are not tracked: track_anonymous=True loads them"


def select_types(types: list[Any] | None, unsent: Unsent, spec: Spec) -> list[str | None]:
    """Keep the messages of the types that become records, and return the type of each message."""
    if types is None:
        types = [None] * len(unsent.selected)
    known = {kind: kind.strip().lower() for kind in set(filter(_is_text, types))}
    read = [known.get(kind) if isinstance(kind, str) else None for kind in types]
    others: dict[str | None, list[int]] = defaultdict(list)
    taken = spec.taken
    for row, kind in enumerate(read) if not set(read) <= set(taken) else ():
        if kind not in taken:
            others[kind].append(row)
    for kind, rows in others.items():
        if kind in MESSAGE_TYPES:
            unsent.skip(rows, f"a message of type {kind}, which does not become one of the {spec.kind}")
        else:
            found = "it has no type" if kind is None else "its type is not known"
            unsent.reject(rows, RowError(f"the row is not a message of {spec.label}: {found}", "type"))
    return read


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def skip_opted_out(integrations: list[dict[str, Any] | None] | None, unsent: Unsent) -> None:
    """Skip the messages that are not meant for CleverTap."""
    if integrations is None:
        return
    rows = [
        row
        for row, choice in enumerate(integrations)
        if choice is not None and choice != _EVERYWHERE and _is_opted_out(choice)
    ]
    unsent.skip(rows, "its integrations exclude CleverTap")


def _is_opted_out(choice: dict[str, Any]) -> bool:
    name = _own_name(choice)
    return _is_no(choice.get("All", choice.get("all")) if name is None else choice[name])


def _is_no(value: Any) -> bool:
    """Return whether a choice is no, also where a program has written it as text or as a number."""
    return value.strip().lower() == "false" if isinstance(value, str) else value is False or value == 0


def settings_for_clevertap(choice: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the integrations of a message hold for CleverTap."""
    name = _own_name(choice or {})
    found = None if name is None or choice is None else choice[name]
    return found if isinstance(found, dict) else {}


def _own_name(choice: dict[str, Any]) -> str | None:
    """Return the name of CleverTap's entry: the platforms know ``CleverTap`` and ``CleverTap (Actions)``."""
    names = [name for name, value in choice.items() if value is not None and _OWN_NAME in _letters(name)]
    return min(names, key=len, default=None)


def _letters(name: str) -> str:
    return name.replace(" ", "").lower()


def reject_misshapen(path: str, values: list[Any] | None, unsent: Unsent) -> None:
    """Make the messages invalid that have something else where an object belongs.

    :param path: the field.
    :param values: what each message has in it.
    """
    if values is None or set(map(type, values)) <= _OBJECTS:
        return
    rows = [row for row, value in enumerate(values) if value not in (None, "") and object_of(value) is None]
    unsent.reject(rows, RowError(f"{path} of a message must be an object", path))


def skip_repeated(ids: Any, unsent: Unsent, known: KeySet) -> None:
    """Skip the messages whose id an earlier message of the load has.

    :param ids: the ids, an Arrow array or Python values; ``None`` where no message has one.
    :param known: the ids of the load so far.
    """
    if ids is None:
        return
    texts = key_texts(ids if not isinstance(ids, list) else from_values(ids))
    if not unsent.selected.all():
        texts = pc.if_else(array_from_numpy(unsent.selected), texts, null_scalar(texts.type))
    repeated = known.add_and_mark_known(texts)
    if repeated.any():
        unsent.skip(repeated.nonzero()[0].tolist(), REPEATED)


def check_owners(users: list[Any], anonymous: list[Any], unsent: Unsent, spec: Spec) -> None:
    """Skip the events of anonymous people that are not to be tracked, and reject those that belong to nobody."""
    nobody = [row for row, user in enumerate(users) if user is None]
    if not nobody:
        return
    unsent.reject(
        [row for row in nobody if anonymous[row] is None],
        RowError("the message belongs to nobody: it has neither a userId nor an anonymousId", "userId"),
    )
    if spec.kind == "events" and not spec.track_anonymous:
        unsent.skip(nobody, _ANONYMOUS)
