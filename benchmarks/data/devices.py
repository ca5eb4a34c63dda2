"""Device tokens, as another vendor exports them."""

from __future__ import annotations

from typing import Any

from benchmarks.data.pieces import Chunk, Dirt, LoadedAs, blank

BAD_CELLS = (("platform", "blackberry"), ("push_token", ""), ("device_id", ""))


def devices(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make device tokens of five columns; two of them are only for browsers."""
    import pyarrow.compute as pc

    platform = chunk.pick(("fcm", "fcm", "apns", "chrome"))
    no_browser = pc.not_equal(platform, "chrome")
    columns = {
        "device_id": chunk.named("device-"),
        "push_token": chunk.tokens(140),
        "platform": platform,
        "p256dh": blank(chunk.tokens(87), no_browser),
        "auth": blank(chunk.tokens(22), no_browser),
    }
    chunk.spoil(columns, dirt, BAD_CELLS)
    return columns


def as_device_tokens() -> LoadedAs:
    """Return how this package loads them."""
    from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS

    return DEVICE_TOKENS, {"device_id": "objectId", "push_token": "token", "platform": "type"}
