"""Fuzz messages of customer data platforms: each has one outcome, whatever is in it."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, RecordKind, events, profiles
from airflow_provider_clevertap.loading.sources.open import open_source

_KINDS: dict[str, RecordKind] = {"profiles": profiles(), "events": events(), "device tokens": DEVICE_TOKENS}


class Messages(NamedTuple):
    """Messages and how they are loaded.

    :param lines: one for each message.
    :param kind: the kind of record.
    :param options: the options of the load.
    :param block_rows: the rows of a block.
    """

    lines: Sequence[str]
    kind: str
    options: dict[str, Any]
    block_rows: int


_KEYS = [
    "a", "a.b", "$x", "", "ts", "name", "Name", "email", "Email", "EMAIL", "phone", "gender", "birthday", "firstName",
    "plan", "MSG-email", "identity", "objectId", "userId", "id", "overrideFields", "category-unsubscribe", "products",
    "revenue", "checkout_id", "order_id", "event", "path", "Items", "items", "Amount", "$incr", "All", "CleverTap",
    "clevertap", "deviceTokenType", "chromeKeys", "token", "type",
]  # fmt: skip
_VALUES = st.recursive(
    st.sampled_from([
        None, True, False, 0, 1, -1, 5.0, 2.5, 10**20, 1767592800, 1767592800123, "", " ", "u1", "a1",
        "Order Completed", "App Launched", "2026-01-05T06:00:00Z", "2026-01-05", "a@example.com", "+919876543210", "F",
        "null", "$D_1", "x" * 600, "\ud800", "\u200b", "Android", "iOS", "track", "false", '{"a":1}', "[1]",
    ])
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_OBJECTS = st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=5)
_ORDERS = st.fixed_dictionaries(
    {"products": st.lists(_OBJECTS | _VALUES, max_size=3) | _VALUES},
    optional=dict.fromkeys(("revenue", "checkout_id", "order_id", "ts", "a"), _VALUES),
)


def _mostly(good: Any, other: Any = _VALUES) -> st.SearchStrategy[Any]:
    return st.sampled_from([*good] * 4) | other


_CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "traits": _OBJECTS | _VALUES,
        "device": st.fixed_dictionaries({"token": _mostly(["t1"])}, optional={"type": _VALUES}) | _VALUES,
        "os": st.fixed_dictionaries({"name": _mostly(["Android", "iOS"])}) | _VALUES,
        "ip": _VALUES,
    },
)
_MESSAGES = st.fixed_dictionaries(
    {
        "type": _mostly(["identify", "alias", "track", "page", "screen", "group"]),
        "timestamp": _mostly(["2026-01-05T06:00:00.000Z"]),
    },
    optional={
        "userId": _mostly(["u1", "u2"]),
        "anonymousId": _mostly(["a1", "a2"]),
        "previousId": _mostly(["p1"]),
        "messageId": _mostly(["m1", "m2", 1]),
        "event": _mostly(["Song Played", "Order Completed", "order completed"]),
        "name": _mostly(["Home"]),
        "properties": _OBJECTS | _ORDERS | _VALUES,
        "traits": _OBJECTS | _VALUES,
        "context": _CONTEXTS | _VALUES,
        "integrations": _OBJECTS | _VALUES,
    },
)
_OPTIONS = st.fixed_dictionaries(
    {"spec": st.sampled_from(["rudderstack", "segment", "freshpaint"])},
    optional={
        "strict": st.booleans(),
        "track_anonymous": st.booleans(),
        "use_object_id": st.just(value=True),
        "page_name": st.sampled_from(["Page {name}", "{path} {a}", "{", "Visit"]),
        "columns": st.sampled_from([
            {"traits.plan": "Tier", "properties.a": "A"}, {"properties.products": None},
            {"properties.revenue": "Price"}, {"traits.email": "identity"}, {"userId": None},
            {"context.ip": "IP", "traits.Email": "Email"},
        ]),
        "unmapped": st.sampled_from(["send", "ignore"]),
        "on_bad_value": st.sampled_from(["reject", "drop"]),
    },
)  # fmt: skip


def examples() -> st.SearchStrategy[Messages]:
    """Return a strategy for messages, and for how they are loaded."""
    lines = st.lists(_MESSAGES.map(json.dumps) | st.sampled_from(['{"a', "[]", '{"a":1}', "null"]), max_size=9)
    return st.builds(Messages, lines, st.sampled_from(sorted(_KINDS)), _OPTIONS, st.sampled_from([2, 3, 1000]))


def load(example: Messages) -> int:
    """Load messages without sending them; every line has one outcome, and the rejects file has those that failed."""
    with tempfile.TemporaryDirectory() as folder:
        path, rejects = Path(folder, "messages.gz"), Path(folder, "rejects.jsonl")
        path.write_bytes(gzip.compress("\n".join([*example.lines, "\n"]).encode()))
        options = {"dry_run": "local", "max_rejects": "100%", "rejects_path": rejects, **example.options}
        try:
            source = open_source(path, block_rows=example.block_rows, messages=True)
            summary = Load(_KINDS[example.kind], source, None, LoadOptions(**options)).run()
        except ConfigurationError as error:
            assert "would all become" not in str(error) or "columns" in example.options  # noqa: PT017
            return 1
        assert summary.rows == len(example.lines)
        assert summary.accepted + summary.invalid + summary.skipped == summary.rows
        found = [json.loads(line) for line in rejects.read_text().split("\n") if line] if rejects.exists() else []
        assert sum(row["clevertap_outcome"] == "invalid" for row in found) == summary.invalid
        return 1
