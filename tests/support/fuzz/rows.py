"""Rows of every kind of record."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.whole_source.last_rows import LastRowEncoder
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.sources.json_lines import JsonLinesReader
from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS
from tests.support.fuzz.files import file_of
from tests.support.fuzz.mappings import CELLS

#: The columns of the rows that are encoded, for each kind of record.
ROWS_OF: dict[str, dict[str, str | Column]] = {
    "profiles": {
        "i": "identity",
        "mail": "Email",
        "phone": "Phone",
        "d": Column("Day", type="date"),
        "l": Column(type="list"),
    },
    "events": {"i": "identity", "e": "evtName", "d": "ts", "p": Column("Price", type="float"), "l": "Labels"},
    "device_tokens": {"i": "objectId", "t": "token", "c": "type", "k": "p256dh", "a": "auth"},
    "subscriptions": {"c": "type", "a": "value", "s": "status"},
}
_WORDS = st.sampled_from(
    ["email", "Phone", "whatsapp", "fcm", "Chrome", "Unsubscribe", "resubscribe", " email", "Charged"]
)
_VALUES = (
    CELLS
    | _WORDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.lists(CELLS, max_size=3)
    | st.dictionaries(st.sampled_from(["$incr", "$add", "a", "$set"]), CELLS | st.integers(), max_size=2)
)


def _rows_of(name: str) -> st.SearchStrategy[tuple[str, list[dict[str, Any]]]]:
    cells = dict.fromkeys([*ROWS_OF[name], "other", "Age", "Gender"], _VALUES)
    likely = dict.fromkeys(ROWS_OF[name], _WORDS | CELLS)
    row = st.fixed_dictionaries({}, optional=cells) | st.fixed_dictionaries(likely)
    return st.tuples(st.just(name), st.lists(row, min_size=1, max_size=6))


ROWS = st.sampled_from(sorted(ROWS_OF)).flatmap(_rows_of)


def encode(example: tuple[str, list[dict[str, Any]]]) -> int:
    name, rows = example
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    (kind,) = (uploaded.make_record_kind({}) for uploaded in UPLOAD_KINDS if uploaded.module == name)
    encoder: BlockEncoder = Encoder(kind, parse_columns(ROWS_OF[name]), fixed=False, default_country="IN")
    if kind.last_wins:
        encoder = LastRowEncoder(encoder, kind.last_wins, many_files=False)
    blocks: list[RowBlock] = list(JsonLinesReader(encoding="utf-8", block_rows=3).read(file_of(lines, ".jsonl")))
    keys = []
    for block, encoded in zip(blocks, encoder.encode_all(blocks), strict=True):
        records = [json.loads(str(record).rstrip(",")) for record in encoded.records.to_pylist()]
        keys += [tuple(record[field] for field in kind.last_wins) for record in records]
        # every row is sent once, or has an outcome
        assert sorted([*map(int, encoded.rows), *map(int, encoded.unsent)]) == list(range(len(block)))
    assert not kind.last_wins or len(set(keys)) == len(keys)
    return 1
