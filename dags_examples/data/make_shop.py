"""Write a SQLite database of a fictitious shop with product views and web events of January to March 2026; it is always
the same.

The customers are those of customers.csv. Like a real database it has invalid rows, and rows exactly at the boundaries
of the months.

    python dags_examples/data/make_shop.py shop.db
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

#: The first moment of each month, and the first moment after the last month.
MONTHS = (datetime(2026, 1, 1), datetime(2026, 2, 1), datetime(2026, 3, 1), datetime(2026, 4, 1))
VIEWS_PER_MONTH = 1_500
INVALID_VIEWS_PER_MONTH = 12
CUSTOMERS = 3_000

PRODUCTS = {
    "Canvas Tote": ("Bags", 18.0),
    "Enamel Mug": ("Kitchen", 9.5),
    "Linen Apron": ("Kitchen", 24.0),
    "Trail Bottle": ("Outdoor", 21.75),
    "Wool Blanket": ("Home", 62.0),
}

TABLE = """
CREATE TABLE product_views (
    id INTEGER PRIMARY KEY,
    customer_id TEXT,
    viewed_at TEXT,  -- UTC, as 2026-01-31 23:59:59
    product TEXT,
    category TEXT,
    price REAL,
    seconds_on_page INTEGER
)
"""

WEB_EVENTS = """
CREATE TABLE web_events (
    id TEXT,
    kind TEXT,  -- track or page
    person_id TEXT,
    name TEXT,
    happened_at TEXT,  -- UTC
    properties TEXT  -- JSON
)
"""
WEB_EVENTS_PER_MONTH = 100

View = tuple[str | None, str, str, str, float, int | str]


def make_views() -> Iterator[View]:
    """Return the views in no particular order, as a table holds them."""
    pick = random.Random(20261122)
    moments = []
    for start, end in pairwise(MONTHS):
        length = int((end - start).total_seconds())
        moments += [start + timedelta(seconds=pick.randrange(length)) for _ in range(VIEWS_PER_MONTH - 2)]
        moments += [start, end - timedelta(seconds=1)]
    # The last second before these months, and the first moment after them.
    moments += [MONTHS[0] - timedelta(seconds=1), MONTHS[-1]]
    pick.shuffle(moments)
    yield from (_view(pick, str(moment)) for moment in moments)
    for month in MONTHS[:-1]:
        for _ in range(INVALID_VIEWS_PER_MONTH // 3):
            noon = str(month + timedelta(days=pick.randrange(28), hours=12))
            yield (None, *_view(pick, noon)[1:])
            yield (*_view(pick, noon)[:-1], "a while")
            yield _view(pick, f"{month:%Y-%m}-10 25:00:00")


def _view(pick: random.Random, moment: str) -> View:
    product = pick.choice(list(PRODUCTS))
    return (f"{pick.randint(1, CUSTOMERS):07d}", moment, product, *PRODUCTS[product], pick.randint(2, 240))


def make_web_events() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Return what people did on the web site, as an analytics tool writes it into a warehouse."""
    pick = random.Random(20261123)
    for month in MONTHS[:-1]:
        for number in range(WEB_EVENTS_PER_MONTH):
            moment = str(month + timedelta(seconds=pick.randrange(28 * 86_400)))
            kind, name = pick.choice((("page", "Home"), ("page", "Offers"), ("track", "Product Viewed")))
            properties = {"path": "/", "product": pick.choice(list(PRODUCTS))}
            person = f"{pick.randint(1, CUSTOMERS):07d}"
            yield (f"{month:%Y-%m}-{number}", kind, person, name, moment, json.dumps(properties))


def make_shop(path: Path) -> None:
    """Write the database to a new file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(TABLE)
        connection.executemany(
            "INSERT INTO product_views (customer_id, viewed_at, product, category, price, seconds_on_page) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            make_views(),
        )
        connection.execute(WEB_EVENTS)
        connection.executemany("INSERT INTO web_events VALUES (?, ?, ?, ?, ?, ?)", make_web_events())


if __name__ == "__main__":
    make_shop(Path(sys.argv[1]))
