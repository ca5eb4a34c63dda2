"""Statuses of addresses, as a shop keeps them: who wants messages on which channel, and who does not any more."""

from __future__ import annotations

from typing import Any

from benchmarks.data.pieces import Chunk, Dirt, LoadedAs, joined

BAD_CELLS = (("channel", "fax"), ("address", "not given"), ("choice", "perhaps"), ("address", ""))

#: Rows whose address has another status two rows later. No file may end between the two.
REPLACED = Dirt(100, (61, 62))
_LATER = 2


def opt_outs(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make statuses of five columns, of which three are sent."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    channel = chunk.pick(("email", "email", "email", "phone", "whatsapp"))
    mail = joined(chunk.named("user-"), chunk.pick(("example.com", "example.org")), between="@")
    address = pc.if_else(pc.equal(channel, "email"), mail, chunk.named("+9198"))
    row = np.arange(len(chunk)) + _LATER * np.isin(chunk.numbers % REPLACED.every, REPLACED.places)
    columns = {
        "channel": channel.take(pa.array(row)),
        "address": address.take(pa.array(row)),
        "choice": chunk.pick(("Unsubscribe", "unsubscribe", "Unsubscribe", "Resubscribe")),
        "asked_at": chunk.moments(),
        "asked_by": chunk.pick(("link", "letter", "call", "shop")),
    }
    chunk.spoil(columns, dirt, BAD_CELLS)
    return columns


def as_subscriptions() -> LoadedAs:
    """Return how this package loads them."""
    from airflow_provider_clevertap.loading.record_kinds import SUBSCRIPTIONS

    return SUBSCRIPTIONS, {"channel": "type", "address": "value", "choice": "status"}
