"""Completed orders become ``Charged``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from airflow_provider_clevertap.loading.rows.block import RowError
from airflow_provider_clevertap.loading.specs.columns.flat import FlatColumns, Unsent, json_text
from airflow_provider_clevertap.loading.specs.spec import Spec

CHARGED: Final = "Charged"
_COMPLETED: Final = "order completed"
_IN_ORDER: Final = " (order)"
_NESTED: Final = frozenset({dict, list})
#: The properties of an order that become fields of ``Charged``.
_FIELDS: Final = {"checkout_id": "Charged ID", "revenue": "Amount", "products": "Items"}


def find_orders(names: Sequence[Any]) -> list[int]:
    """Return the rows whose event is a completed order."""
    spellings = {name for name in set(filter(_is_text, names)) if is_order(name)}
    return [row for row, name in enumerate(names) if _is_text(name) and name in spellings] if spellings else []


def is_order(name: Any) -> bool:
    """Return whether an event of this name is a completed order."""
    return isinstance(name, str) and name.lower() == _COMPLETED


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def add_orders(  # noqa: PLR0917
    orders: Sequence[int],
    properties: dict[str, list[Any]],
    unsent: Unsent,
    flat: FlatColumns,
    spec: Spec,
    prefix: str,
) -> None:
    """Add the fields of ``Charged``.

    :param orders: the rows of the orders.
    :param properties: the values of each property. What becomes a field of an order is taken out.
    :param unsent: the messages that become no event; more are added to it.
    :param flat: takes the columns.
    """
    marks = bytearray(flat.rows)
    for row in orders:
        marks[row] = True
    others = properties.get("order_id")
    found = {}
    for key in (*_FIELDS, "ts"):
        if key in properties and (key == "ts" or not flat.is_chosen(prefix + key)):
            found[key] = _take_out(key, properties, marks)
    ids = found.get("checkout_id")
    if others is not None and not spec.strict and not flat.is_chosen(f"{prefix}checkout_id"):
        taken = zip(ids or [None] * flat.rows, others, marks, strict=True)
        found["checkout_id"] = [other if mark and one in (None, "") else one for one, other, mark in taken]
    if "products" in found:
        found["products"] = _read_products(found["products"], orders, unsent, flat, spec)
    for key, target in _FIELDS.items():
        if key in found:
            path = f"{prefix}{key}{_IN_ORDER}"
            flat.add_field(path, target, found[key], is_plain=key == "products" and not spec.strict)


def _take_out(key: str, properties: dict[str, list[Any]], marks: bytearray) -> list[Any]:
    """Return the values that orders have of a property, and leave only those of other messages."""
    values = properties.pop(key)
    if all(marks):
        return values
    rest = [None if mark else value for value, mark in zip(values, marks, strict=True)]
    if any(value is not None for value in rest):
        properties[key] = rest
    return [value if mark else None for value, mark in zip(values, marks, strict=True)]


def _read_products(
    products: list[Any], orders: Sequence[int], unsent: Unsent, flat: FlatColumns, spec: Spec
) -> list[Any]:
    products = list(products)
    bad = []
    for row in orders:
        value = products[row]
        if isinstance(value, list) and not (value and isinstance(value[0], dict)):
            products[row] = None
            if value or spec.strict:
                bad.append(row)
    unsent.reject(bad, RowError("products of the order must be a list of objects", "properties.products"))
    if spec.strict:
        return products
    lists = [value for value in products if isinstance(value, list)]
    items = [item for item in chain.from_iterable(lists) if isinstance(item, dict)]
    names = dict.fromkeys(chain.from_iterable(dict.fromkeys(map(tuple, items))))
    cleaned = {name: flat.clean(name) or name for name in names}
    kinds = set(map(type, chain.from_iterable(map(dict.values, items))))
    if _NESTED.isdisjoint(kinds) and all(name == clean for name, clean in cleaned.items()):
        return products
    return [[_item(item, cleaned) for item in value] if isinstance(value, list) else value for value in products]


def _item(item: Any, names: dict[str, str]) -> Any:
    if not isinstance(item, dict):
        return item
    return {names[key]: json_text(value) if isinstance(value, dict | list) else value for key, value in item.items()}
