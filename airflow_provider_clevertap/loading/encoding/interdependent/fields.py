"""Fields whose validity depends on another field of the same record: compare their converted columns.

A kind of record without an entry here needs none: the models then validate each row that fills such a field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.interdependent.web_push_keys import join_web_push_keys
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.rows.conversion import scalar
from airflow_provider_clevertap.loading.rows.text_arrays import as_mask, blank_out, decoded, either, none_if_clear
from airflow_provider_clevertap.records.record_validation import RecordSchema

#: Returns the columns after comparing some of them, with the number of rows and the constants of the records.
_Comparison: TypeAlias = Callable[[list[EncodedColumn], int, Mapping[str, Any]], list[EncodedColumn]]


def compare_interdependent(
    columns: list[EncodedColumn], rows: int, schema: RecordSchema, constants: Mapping[str, Any]
) -> list[EncodedColumn]:
    """Return a block's columns after comparing those whose fields depend on each other.

    Cells that do not fit the other field are undecided.

    :param rows: how many rows the block has.
    :param schema: the kind of record.
    :param constants: the fields that are the same in every record.
    """
    for field, compare in _COMPARISONS.items():
        if field in schema.interdependent:
            columns = compare(columns, rows, constants)
    return columns


def _match_channels(columns: list[EncodedColumn], rows: int, constants: Mapping[str, Any]) -> list[EncodedColumn]:
    """Mark the values of subscriptions undecided that are not of their channel's form.

    The converter of ``value`` accepts e-mail addresses and phone numbers alike; only an address contains ``@``.
    """
    known = {column.rule.key: column for column in columns}
    if "value" not in known:
        return columns
    value = known["value"].converted
    value = value._replace(text=decoded(value.text))
    is_address = pc.match_substring(value.text, "@")
    if "type" in known:
        # Without a valid channel the row is invalid, whatever its value.
        of_address = pc.equal(decoded(known["type"].converted.text), scalar('"email"'))
    else:
        of_address = pa.repeat(scalar(constants.get("type") == "email"), rows)
    other_form = none_if_clear(as_mask(pc.not_equal(is_address, of_address)))
    matched = value._replace(text=blank_out(value.text, other_form), undecided=either(value.undecided, other_form))
    return [
        EncodedColumn(column.rule, matched, column.name) if column is known["value"] else column for column in columns
    ]


def _match_items(columns: list[EncodedColumn], rows: int, constants: Mapping[str, Any]) -> list[EncodedColumn]:
    """Mark the items undecided of events that are not ``Charged``."""
    known = {column.rule.key: column for column in columns}
    if "Items" not in known or not known["Items"].converted.text.null_count < rows:
        return columns
    items = known["Items"].converted
    if "evtName" in known:
        others = pc.not_equal(decoded(known["evtName"].converted.text), scalar('"Charged"'))
    else:
        others = pa.repeat(scalar(constants.get("evtName") != "Charged"), rows)
    misplaced = none_if_clear(as_mask(pc.and_(items.text.is_valid(), pc.fill_null(others, scalar(True)))))
    matched = items._replace(undecided=either(items.undecided, misplaced))
    return [
        EncodedColumn(column.rule, matched, column.name, column.filled) if column is known["Items"] else column
        for column in columns
    ]


_COMPARISONS: Final[Mapping[str, _Comparison]] = {
    "keys": lambda columns, rows, _: join_web_push_keys(columns, rows),
    "value": _match_channels,
    "Items": _match_items,
}
