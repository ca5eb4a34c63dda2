"""Find the rows with a value that CleverTap may reject, such as an event's name, although nothing documents it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.conversion import array_from_texts
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, as_mask, decoded, none_if_clear
from airflow_provider_clevertap.records.record_validation import RiskyWords


def find_risky(risky: RiskyWords, text: Any) -> Mask | None:
    """Mark the rows of a block with such a value; return ``None`` when there are none.

    :param text: the field of each row as JSON text, with its quotes or without; it may be encoded as a dictionary.
    """
    distinct = text.dictionary if pa.types.is_dictionary(text.type) else pc.unique(text).drop_null()
    found = [name for name in distinct.to_pylist() if risky.is_risky(name.strip('"'))]
    # a dictionary may have texts that no row has
    return none_if_clear(as_mask(pc.is_in(decoded(text), value_set=array_from_texts(found)))) if found else None
