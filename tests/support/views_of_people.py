"""Events whose rows have a profile update, and what the emulator has received of them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import events

VIEWED = events(event_name="Viewed")
PROFILE: dict[str, Any] = {"mail": "Email", "mobile": "Phone", "town": "City"}


def views(count: int, **cells: Any) -> list[dict[str, Any]]:
    """Return a row for each of so many people, with a view and a profile update."""
    return [
        {
            "identity": f"cust-{n:05}",
            "ts": str(1_700_000_000 + n),
            "Sku": f"sku-{n}",
            "mail": f"user{n}@example.com",
            "mobile": f"+9198{n:08}",
            "town": "Pune",
            **cells,
        }
        for n in range(count)
    ]


def names(emulator: RunningEmulator) -> list[str]:
    return [event["identity"] for event in emulator.events()]


def check_order(emulator: RunningEmulator) -> None:
    """Check that nobody's first event came before the last update of their profile."""
    first = defaultdict(lambda: float("inf"))
    for event in emulator.events():
        first[event["identity"]] = min(first[event["identity"]], event["received_at"])
    for profile in emulator.profiles():
        assert profile["uploads"] > 0, "an event created the profile"
        assert profile["updated_at"] <= first[profile["identity"]]
