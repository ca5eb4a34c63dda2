"""The middle of the demo: what a rejects file says, and how its cells are mended."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from scripts.local_airflow import EXAMPLES

CORRECTIONS = EXAMPLES / "data" / "corrections.csv"
EXAMPLES_SHOWN = 3


def reasons_in(rejects: Path) -> list[str]:
    """Give a table of each reason once, with how many rows it holds for."""
    reasons = Counter(
        (row["clevertap_outcome"], row["clevertap_code"] or "-", row["clevertap_reason"]) for row in _rows_of(rejects)
    )
    return [
        f"{'rows':>6}  {'outcome':9} {'code':4}  reason",
        *(f"{count:>6}  {outcome:9} {code:4}  {reason}" for (outcome, code, reason), count in reasons.most_common()),
    ]


def mend(rejects: Path, mended: Path) -> list[str]:
    """Write the rejects file again, with the cells of corrections.csv in the places of those that were wrong.

    Give some of what was done.
    """
    rows = _rows_of(rejects)
    by_number = {row["clevertap_row"]: row for row in rows}
    done = []
    for correction in _rows_of(CORRECTIONS):
        row = by_number[correction["row"]]
        column, value = correction["column"], correction["value"]
        done.append(f"row {correction['row']}, {column}: {row[column]!r} becomes {value!r}")
        row[column] = value
    with mended.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return [*done[:EXAMPLES_SHOWN], f"... and {len(done) - EXAMPLES_SHOWN} more"]


def _rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
