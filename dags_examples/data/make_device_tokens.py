"""Write device_tokens.csv, the push tokens the example loads: the same ones every time, and every one made up.

Like a real export it has devices more than once, cells nobody filled, and types no one knows.

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
    """Give clean rows: three phones of each kind to one browser."""
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


#: how many rows, and what is wrong with them
DIRT: tuple[tuple[int, Callable[[Row], Row]], ...] = (
    (3, lambda row: row | {"device_id": ""}),
    (3, lambda row: row | {"push_token": ""}),
    (2, lambda row: row | {"platform": ""}),
    (2, lambda row: row | {"platform": "blackberry"}),
    (2, lambda row: row | {"platform": "fcm", "p256dh": "a key without its auth", "auth": ""}),
)


def main() -> None:
    """Write the file: each bad row and each double once more, somewhere below the good one."""
    rows = make_rows()
    pick = random.Random(7)
    chosen = iter(pick.sample(rows, 24))
    added = [spoil(next(chosen)) for count, spoil in DIRT for _ in range(count)]
    added += [dict(row) for row in chosen]
    for row in added:
        rows.insert(pick.randrange(len(rows) // 2, len(rows)), row)
    with (HERE / "device_tokens.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
