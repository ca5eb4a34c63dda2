"""The demo's rejects file: the reasons in it, and the correction of its cells."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from scripts.local_airflow import EXAMPLES

CORRECTIONS = EXAMPLES / "data" / "corrections.csv"
EXAMPLES_SHOWN = 3


def reasons_in(rejects: Path) -> list[str]:
    """Return a table of the reasons, each with its number of rows."""
    reasons = Counter(
        (row["clevertap_outcome"], row["clevertap_code"] or "-", row["clevertap_reason"]) for row in _rows_of(rejects)
    )
    return [
        f"{'rows':>6}  {'outcome':9} {'code':4}  reason",
        *(f"{count:>6}  {outcome:9} {code:4}  {reason}" for (outcome, code, reason), count in reasons.most_common()),
    ]


def correct(rejects: Path, corrected: Path) -> list[str]:
    """Write a copy of the rejects file in which the wrong cells are replaced by those of corrections.csv.

    :returns: some of the changes, one line each.
    """
    rows = _rows_of(rejects)
    by_number = {row["clevertap_row"]: row for row in rows}
    changes = []
    for correction in _rows_of(CORRECTIONS):
        row = by_number[correction["row"]]
        column, value = correction["column"], correction["value"]
        changes.append(f"row {correction['row']}, {column}: {row[column]!r} becomes {value!r}")
        row[column] = value
    with corrected.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return [*changes[:EXAMPLES_SHOWN], f"... and {len(changes) - EXAMPLES_SHOWN} more"]


def _rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
