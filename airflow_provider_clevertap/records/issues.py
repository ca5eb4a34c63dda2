"""Issues: what is wrong with a value. An issue names the field, CleverTap's code and the fix, never the value."""

from __future__ import annotations

from typing import NamedTuple

from pydantic_core import PydanticCustomError


class Issue(NamedTuple):
    """One thing wrong with a record.

    :param field: the CleverTap field, such as ``Email`` or ``identity``.
    :param code: CleverTap's error code for it, ``None`` where CleverTap has none.
    :param reason: what is wrong and how to fix it, without the value.
    :param general: the reason without what differs from row to row, where something does.
    """

    field: str
    code: int | None
    reason: str
    general: str = ""


def issue(reason: str, code: int | None = None, field: str | None = None) -> PydanticCustomError:
    """Make the error that a validation rule raises, inside a pydantic model or outside.

    :param reason: what is wrong and how to fix it, without the value.
    :param code: CleverTap's error code, where it differs from the field's usual one.
    :param field: the field with the issue, for rules that look at more than one.
    """
    return PydanticCustomError("clevertap_rule", "{reason}", {"reason": reason, "code": code, "field": field})
