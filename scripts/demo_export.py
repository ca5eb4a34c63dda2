"""The end of the demo: what it has loaded is exported again, and compared with the database row by row."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.sources import ExportedEventsSource

#: A view as it is compared: customer, second, product, category, price, seconds on the page.
View = tuple[str, int, str, str, float, int]


def compare(output: Path, database: Path, start: str, end: str) -> tuple[str, bool]:
    """Compare the views of an export with those in the database.

    :param output: the directory of the export.
    :param database: the database they were loaded from.
    :param start: the first day.
    :param end: the day after the last.
    :returns: a line about it, and whether each valid row of the database was exported once and nothing else.
    """
    loaded, invalid = _views_in(database, start, end)
    exported = Counter(map(_exported_view, ExportedEventsSource(output).to_pandas().to_dict("records")))
    missing, added = loaded - exported, exported - loaded
    text = (
        f"{exported.total():,} rows exported, compared one by one with the {loaded.total() + invalid:,} rows of the "
        f"database: {(loaded & exported).total():,} equal, {missing.total():,} missing, {added.total():,} that are not "
        f"in it; {invalid:,} are those that were invalid"
    )
    return text, bool(loaded) and not missing and not added


def _views_in(database: Path, start: str, end: str) -> tuple[Counter[View], int]:
    """Return the valid views of some days, and how many others there are."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT customer_id, viewed_at, product, category, price, seconds_on_page FROM product_views "
            "WHERE viewed_at >= ? AND viewed_at < ?",
            (start, end),
        ).fetchall()
    views: Counter[View] = Counter()
    for customer, viewed_at, product, category, price, seconds in rows:
        try:
            moment = datetime.fromisoformat(viewed_at).replace(tzinfo=UTC)
        except ValueError:
            continue
        if customer is not None and isinstance(seconds, int):
            views[customer, int(moment.timestamp()), product, category, price, seconds] += 1
    return views, len(rows) - views.total()


def _exported_view(row: dict[Any, Any]) -> View:
    values = json.loads(row["properties"])
    moment = int(row["ts"].timestamp())
    return (row["identity"], moment, values["Product"], values["Category"], values["Price"], values["Seconds on Page"])
