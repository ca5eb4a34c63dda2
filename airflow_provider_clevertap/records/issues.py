"""How a rule says no: a fault names the field, CleverTap's code for it, and what to do, but never the value."""

from __future__ import annotations

from typing import NamedTuple

from pydantic_core import PydanticCustomError


class Issue(NamedTuple):
    """One thing wrong with a record.

    :param field: the CleverTap field, such as ``Email`` or ``identity``.
    :param code: the code CleverTap gives this fault, ``None`` where it has none.
    :param reason: what is wrong and what mends it, without the value.
    """

    field: str
    code: int | None
    reason: str


def issue(reason: str, code: int | None = None, field: str | None = None) -> PydanticCustomError:
    """Make the error a rule raises inside a pydantic model.

    :param field: the field at fault, where a rule looks at more than one.
    """
    return PydanticCustomError("clevertap_rule", "{reason}", {"reason": reason, "code": code, "field": field})
