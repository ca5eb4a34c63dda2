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
        ``"epoch"`` (seconds), ``"epoch_ms"`` or ``"epoch_us"``. A cell that fits several of them must mean the same
        date in each. Default: ISO 8601. Makes the type ``date``.
    :param timezone: IANA zone of dates and times that have none, default ``"UTC"``.
    :param separator: what separates the items of a list written as text, default ``","``.
    :param operator: the operation to apply with the value instead of setting it, see
        https://developer.clevertap.com/docs/upload-user-profiles-api. ``$delete`` removes the property where the
        cell is true.
    :param empty: ``"omit"`` (default) leaves the property in CleverTap unchanged where the cell is empty,
        ``"delete"`` removes it.
    :param values: what some cells stand for, such as ``{"weiblich": "F", "divers": None}``. A cell must equal a key,
        apart from blanks around it; the value is read as if the cell held it, and ``None`` makes the cell empty. In a
        list, it applies to each item.
    :param default: read in place of an empty cell, unless all cells of the row are empty.
    :param on_bad_value: what a bad value of this column does to its row: ``"reject"`` or ``"drop"``. Default: as the
        load's ``on_bad_value`` says.
    :param decimal: the character before decimals in numbers written as text: ``"."`` (default) or ``","``. Like the
        next four it makes the type ``float``, unless another one is declared.
    :param thousands: the character between groups of digits: ``","``, ``"."``, ``" "`` or ``"'"``. Default: none.
    :param currency: ``True`` accepts any currency before or after a number, ``"€"`` or ``["€", "EUR"]`` only these.
    :param percent: a number may have a per cent sign: ``12%`` is 12 (``True`` or ``"number"``) or 0.12
        (``"fraction"``); ``False``: it has none. Default: as ``True``, and beside ``currency`` as ``False``.
    :param parentheses: a number in parentheses is negative, as in accounting.
    :param allowed_identities: identities to accept although they look like a program's word for a missing value, such
        as ``["NaT"]``. Only for columns that become an identifier.
    """

    name: str | None = None
    type: ColumnType | None = None
    format: str | Sequence[str] | None = None
    timezone: str = "UTC"
    separator: str = ","
    operator: Operator | None = None
    empty: Literal["omit", "delete"] = "omit"
    values: Mapping[Any, Any] | None = None
    default: Any = None
    on_bad_value: Literal["reject", "drop"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str | None = None
    currency: bool | str | Sequence[str] | None = None
    percent: bool | Literal["number", "fraction"] | None = None
    parentheses: bool = False
    allowed_identities: Sequence[str] = ()


#: Every form in which a user may write what a column becomes; ``None`` leaves the column out.
ColumnChoice: TypeAlias = str | Column | Mapping[str, Any] | None
