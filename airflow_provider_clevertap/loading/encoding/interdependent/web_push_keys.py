"""The keys of a web push token: two columns become one object of the record."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.rows.conversion import null_scalar, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import as_mask, decoded, either, none_if_clear
from airflow_provider_clevertap.records.column_rules import CellRule

_KEYS: Final = CellRule("keys", custom=False)
_PARTS: Final = ("p256dh", "auth")


def join_web_push_keys(columns: Iterable[EncodedColumn], rows: int) -> list[EncodedColumn]:
    """Join the two keys into one field where a row has both and its token is a browser's.

    Other rows with a key are undecided.

    :param rows: how many rows the block has.
    """
    columns = list(columns)
    known = {column.rule.key: column for column in columns if not column.rule.custom}
    parts = [known[part] for part in _PARTS if part in known]
    if not parts:
        return columns
    nulls = pa.nulls(rows, pa.string())
    p256dh, auth = (decoded(known[part].converted.text) if part in known else nulls for part in _PARTS)
    types = decoded(known["type"].converted.text) if "type" in known else nulls
    of_browser = pc.equal(types, scalar('"chrome"'))
    joined = pc.binary_join_element_wise(
        scalar('"p256dh":"'), p256dh, scalar('","auth":"'), auth, scalar('"'), scalar("")
    )
    keys = pc.if_else(of_browser, joined, null_scalar(pa.string()))
    not_joined = pc.and_(pc.or_(p256dh.is_valid(), auth.is_valid()), keys.is_null())
    undecided = functools.reduce(
        either, [part.converted.undecided for part in parts], none_if_clear(as_mask(not_joined))
    )
    keys_column = EncodedColumn(_KEYS, ConvertedColumn(keys, undecided, "{", "}"), _KEYS.key)
    return [*(column for column in columns if column.rule.key not in _PARTS), keys_column]
