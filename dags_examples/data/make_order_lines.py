"""Write order_lines.csv, the sample of charged_from_order_lines.py; the output is always the same.

Each row is one item bought; the rows of an order are consecutive. Like a real export it has a few invalid orders.

    python dags_examples/data/make_order_lines.py
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

ORDERS = 240
FILE = Path(__file__).parent / "order_lines.csv"

GOODS = {
    "Books": {"BK-101": 8.99, "BK-204": 12.5, "BK-377": 24.0},
    "Kitchen": {"KT-012": 39.95, "KT-050": 4.2, "KT-081": 17.75},
    "Garden": {"GD-300": 6.49, "GD-455": 129.0, "GD-501": 11.3},
}

Row = dict[str, str]


def make_rows() -> Iterator[Row]:
    """Return valid orders, line by line."""
    pick = random.Random(20261122)
    paid = datetime(2026, 1, 12, 8)
    for number in range(1, ORDERS + 1):
        paid += timedelta(minutes=pick.randrange(1, 60))
        goods = [(aisle, sku, price) for aisle, shelf in GOODS.items() for sku, price in shelf.items()]
        bought = [(*item, pick.choice((1, 1, 1, 2, 3))) for item in pick.sample(goods, pick.choice((1, 1, 2, 3, 4, 5)))]
        order = {
            "order_id": f"W{number:06d}",
            "customer_id": f"{pick.randrange(1, 3_000):07d}",
            "paid_at": f"{paid:%Y-%m-%d %H:%M:%S}",
            "payment_mode": pick.choice(("card", "card", "wallet", "invoice")),
            "total": f"{sum(price * quantity for *_, price, quantity in bought):.2f}",
            "coupon": pick.choice(("", "", "", "WINTER10")),
        }
        for aisle, sku, price, quantity in bought:
            yield {**order, "sku": sku, "aisle": aisle, "unit_price": f"{price:.2f}", "quantity": str(quantity)}


def main() -> None:
    """Write the file."""
    rows = list(make_rows())
    pick = random.Random(7)
    long_orders = sorted(
        {row["order_id"] for row in rows if sum(row["order_id"] == one["order_id"] for one in rows) > 2}
    )
    nobody, disagreeing, *priceless = pick.sample(long_orders, 4)
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(row["order_id"], []).append(row)
    for row in lines[nobody]:
        row["customer_id"] = ""
    lines[disagreeing][1]["total"] = "0.00"
    for order in priceless:
        lines[order][-1]["unit_price"] = "n/a"
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
