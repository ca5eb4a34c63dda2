"""Write device_tokens.csv, the fictitious push tokens that the example loads; the output is always the same.

Like a real export it has duplicate devices, empty cells and unknown types.

    python dags_examples/data/make_device_tokens.py
"""

from __future__ import annotations

import csv
import random
import string
from collections.abc import Callable
from pathlib import Path

ROWS = 190
HERE = Path(__file__).parent
BASE64 = string.ascii_letters + string.digits + "-_"

Row = dict[str, str]


def make_rows() -> list[Row]:
    """Return valid rows: three phones of each platform for one browser."""
    pick = random.Random(20261122)
    return [_row(pick, pick.choice(("fcm", "fcm", "fcm", "apns", "apns", "apns", "chrome"))) for _ in range(ROWS)]


def _row(pick: random.Random, platform: str) -> Row:
    def letters(count: int, of: str = BASE64) -> str:
        return "".join(pick.choices(of, k=count))

    token = {
        "fcm": lambda: f"{letters(22)}:APA91b{letters(134)}",
        "apns": lambda: letters(64, "0123456789abcdef"),
        "chrome": lambda: f"https://push.example.com/send/{letters(22)}:APA91b{letters(134)}",
    }[platform]()
    browser = platform == "chrome"
    return {
        "device_id": f"__{letters(32, '0123456789abcdef')}",
        "push_token": token,
        "platform": pick.choice((platform, platform.upper())),
        "p256dh": f"B{letters(86)}" if browser else "",
        "auth": letters(22) if browser else "",
        "last_seen": f"2026-{pick.randint(1, 10):02d}-{pick.randint(1, 28):02d}",
    }


#: Number of rows, and the change that makes a row invalid.
INVALID_ROWS: tuple[tuple[int, Callable[[Row], Row]], ...] = (
    (3, lambda row: row | {"device_id": ""}),
    (3, lambda row: row | {"push_token": ""}),
    (2, lambda row: row | {"platform": ""}),
    (2, lambda row: row | {"platform": "blackberry"}),
    (2, lambda row: row | {"platform": "fcm", "p256dh": "a key without its auth", "auth": ""}),
)


def main() -> None:
    """Write the file: each invalid row and each duplicate is an additional row below the valid one."""
    rows = make_rows()
    pick = random.Random(7)
    chosen = iter(pick.sample(rows, 24))
    added = [spoil(next(chosen)) for count, spoil in INVALID_ROWS for _ in range(count)]
    added += [dict(row) for row in chosen]
    for row in added:
        rows.insert(pick.randrange(len(rows) // 2, len(rows)), row)
    with (HERE / "device_tokens.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
