"""The keys of a browser's token: two columns that become one object of the record."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.rows.text_arrays import as_mask, either, none_if_clear
from airflow_provider_clevertap.records.column_rules import CellRule

_NO_TEXT = pa.scalar(None, pa.string())
_KEYS: Final = CellRule("keys", custom=False)
_PARTS: Final = ("p256dh", "auth")


def join_web_push_keys(columns: Iterable[EncodedColumn], rows: int) -> list[EncodedColumn]:
    """Make one field of the two keys where they are together and their token is a browser's; else it is doubtful.

    :param rows: how many rows the block has.
    """
    columns = list(columns)
    known = {column.rule.key: column for column in columns if not column.rule.custom}
    parts = [known[part] for part in _PARTS if part in known]
    if not parts:
        return columns
    nothing = pa.nulls(rows, pa.string())
    texts = [known[key].screened.text if key in known else nothing for key in _PARTS]
    of_browser = pc.equal(known["type"].screened.text, '"chrome"') if "type" in known else pa.nulls(rows, pa.bool_())
    together = pc.binary_join_element_wise('"p256dh":"', texts[0], '","auth":"', texts[1], '"', "")
    keys = pc.if_else(of_browser, together, _NO_TEXT)
    alone = pc.and_(pc.or_(texts[0].is_valid(), texts[1].is_valid()), keys.is_null())
    doubtful = functools.reduce(either, [part.screened.doubtful for part in parts], none_if_clear(as_mask(alone)))
    gathered = EncodedColumn(_KEYS, ConvertedColumn(keys, doubtful, "{", "}"), _KEYS.key)
    return [*(column for column in columns if column.rule.key not in _PARTS), gathered]
