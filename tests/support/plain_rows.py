"""A source made of plain rows, and waits short enough for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError

#: Waits short enough for tests, long enough to be waits. Only the attempts run out, never the time.
QUICK = RetryPolicy(attempts=4, total_seconds=600.0, base=0.01, cap=0.05)
#: The same for faults that occur at random or at intervals: one batch may meet many of them.
PATIENT = RetryPolicy(attempts=100, total_seconds=600.0, base=0.01, cap=0.05)


class Rows:
    """A source of plain rows, all text, in blocks of a chosen size."""

    fixed_columns = True
    nested = False
    many_files = False
    name = "people.csv"

    def __init__(
        self, rows: list[dict[str, Any]], *, block_rows: int = 700, faults: dict[int, RowError] | None = None
    ) -> None:
        self.rows = rows
        self.block_rows = block_rows
        self.faults = faults or {}

    def blocks(self) -> Iterator[RowBlock]:
        for start in range(0, len(self.rows), self.block_rows):
            rows = self.rows[start : start + self.block_rows]
            names = tuple(rows[0])
            yield RowBlock(
                file="people.csv",
                first_row=start + 1,
                names=names,
                columns={name: pa.array([row[name] for row in rows], pa.string()) for name in names},
                row_errors={
                    row - start: fault for row, fault in self.faults.items() if start <= row < start + self.block_rows
                },
            )

    def fingerprint(self) -> str | None:
        return repr(self.rows)

    def is_large(self) -> bool:
        return False

    def progress(self) -> float | None:
        return None


def people(count: int, **cells: Any) -> list[dict[str, Any]]:
    """Return valid rows of people."""
    return [{"identity": f"cust-{n:05}", "Email": f"user{n}@example.com", **cells} for n in range(count)]
