"""The outcomes of a load's rows in its summary, in its rejects file, and at the emulator."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.outcomes.summary import Summary

OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def check_accounts(summary: Summary, rows: int) -> dict[str, Any]:
    facts = summary.to_dict()
    assert facts["rows"] == rows == sum(facts[outcome] for outcome in OUTCOMES)
    json.dumps(facts)
    with_reason = sum(reason["rows"] for reason in facts["reasons"] if reason["outcome"] in OUTCOMES)
    assert with_reason + facts["further_reasons"]["rows"] >= rows - facts["accepted"], "a row has no reason"
    return facts


def rejects(path: Path) -> dict[int, dict[str, str]]:
    with path.open(newline="") as stream:
        return {int(row["clevertap_row"]): row for row in csv.DictReader(stream)}


def stored(emulator: RunningEmulator) -> set[str]:
    return {profile["identity"] for profile in emulator.profiles()}
