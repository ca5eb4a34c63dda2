"""Describe what a source column becomes in CleverTap. Importing this module is cheap: DAG files do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Column", "ColumnChoice"]

ColumnType: TypeAlias = Literal["text", "integer", "float", "boolean", "date", "list"]
Operator: TypeAlias = Literal["$set", "$add", "$remove", "$incr", "$decr", "$delete"]


@dataclass(frozen=True, slots=True)
class Column:
    """What one source column becomes in CleverTap.

    Example: ``columns={"joined": Column("Joined On", type="date", format="dd/MM/yyyy")}``.

    :param name: the CleverTap field; default: the source column's own name.
    :param type: what the cells hold. Default: fields CleverTap knows have their own format; elsewhere text stays
        text, and typed sources (Parquet, DataFrames, JSON) keep their types.
    :param format: date pattern or patterns: CleverTap's own form (``dd/MM/yyyy HH:mm:ss``), Python's ``%`` directives,
        ``"epoch"`` (seconds) or ``"epoch_ms"``. A cell that fits several of them must mean the same date in each.
        Default: ISO 8601. Makes the type ``date``.
    :param timezone: IANA zone of dates and times that have none, default ``"UTC"``.
    :param separator: what separates the items of a list written as text, default ``","``.
    :param operator: the operation to apply with the value instead of setting it, see
        https://developer.clevertap.com/docs/upload-user-profiles-api. ``$delete`` removes the property where the
        cell is true.
    :param empty: ``"omit"`` (default) leaves the property in CleverTap unchanged where the cell is empty,
        ``"delete"`` removes it.
    """

    name: str | None = None
    type: ColumnType | None = None
    format: str | Sequence[str] | None = None
    timezone: str = "UTC"
    separator: str = ","
    operator: Operator | None = None
    empty: Literal["omit", "delete"] = "omit"


#: Every form in which a user may write what a column becomes; ``None`` leaves the column out.
ColumnChoice: TypeAlias = str | Column | Mapping[str, Any] | None
