"""The picture of a trend in the documentation: made-up orders, counted by a local CleverTap, drawn by the example."""

from __future__ import annotations

import json
import math
import random
import runpy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

SCRIPT = ROOT / "dags_examples" / "scripts" / "plot_trend.py"
#: All of them are in the past: CleverTap does not count days to come.
FIRST, LAST = date(2025, 1, 1), date(2025, 9, 30)
_BATCH = 1000


def draw_trend(picture: Path) -> None:
    """Upload orders to a local CleverTap, ask it for their trend, and draw the answer.

    :param picture: the file to draw into.
    """
    import pandas as pd

    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.emulator.testing import RunningEmulator

    query = {"event_name": "Charged", "from": int(f"{FIRST:%Y%m%d}"), "to": int(f"{LAST:%Y%m%d}")}
    records = list(_orders())
    with (
        RunningEmulator() as emulator,
        CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client,
    ):
        for start in range(0, len(records), _BATCH):
            part = records[start : start + _BATCH]
            client.upload(json.dumps({"d": part}).encode(), len(part))
        rows = client.trends(query, {"orders of each day": "daily", "orders of each month": "monthly"})
    runpy.run_path(str(SCRIPT))["draw"](pd.DataFrame(rows), picture)


def _orders() -> Any:
    """Return orders that grow over the year, with a week in which Sundays are quiet, and a sale in June."""
    chance = random.Random(20261126)
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        expected = (24 + number / 12) * (1 + 0.25 * math.sin((day.weekday() - 1) / 7 * math.tau))
        if date(2025, 6, 13) <= day <= date(2025, 6, 22):
            expected *= 1.7
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
        for _ in range(round(chance.gauss(expected, math.sqrt(expected)))):
            yield {
                "type": "event",
                "identity": f"cust-{chance.randrange(900):05}",
                "evtName": "Charged",
                "ts": int(noon) + chance.randrange(-40_000, 40_000),
                "evtData": {"Amount": 10},
            }
