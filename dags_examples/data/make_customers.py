"""Write customers.csv, the sample that the examples load, and corrections.csv; the output is always the same.

All people in it are fictitious. E-mail addresses use reserved domains such as example.com, and phone numbers use the
ranges that Ofcom reserves for drama. Like a real export it has invalid rows; corrections.csv holds the valid values of
their cells.

    python dags_examples/data/make_customers.py
"""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

ROWS = 3_000
HERE = Path(__file__).parent

GIVEN = {
    "F": "Amelia Asha Beatriz Chloé Eilidh Fatima Grace Ingrid Jia Leïla Maja Niamh Olivia Priya Renée Siân Zoë",
    "M": "Alun Björn Callum Dafydd Emeka Farhan George Håkon Ivan Jürgen Kwame Liam Mateo Noah Rohan Seán Tomáš",
}
FAMILY = (
    "Adeyemi Ahmed Brown Campbell Davies Evans Fernández García Hughes Jones Kaur Kowalski MacLeod Müller Nguyễn "
    "O'Brien Okafor Patel Rao Roberts Singh Smith Szabó Taylor Walker Williams Wilson Wójcik"
)
#: Cities and the first digits of their drama numbers; three or four digits follow.
CITIES = {
    "London": "020 7946 0",
    "Leeds": "0113 496 0",
    "Sheffield": "0114 496 0",
    "Edinburgh": "0131 496 0",
    "Glasgow": "0141 496 0",
    "Manchester": "0161 496 0",
    "Cardiff": "029 2018 0",
}
#: The drama numbers for the whole country. Those of mobiles are no valid numbers in the numbering plan.
WHOLE_COUNTRY = "03069 990"
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com")
INTERESTS = ("books", "cooking", "cycling", "films", "football", "gardening", "music", "running", "travel")
NOTES = (
    "Called about delivery.\nPrefers e-mail.",
    'Asked for the "quiet" plan,\nthen changed their mind.',
    "VIP; lives next door to the shop",
    "Moved house, new address pending",
)

Row = dict[str, str]


def make_rows() -> Iterator[Row]:
    """Return valid rows, with the different spellings that people use."""
    pick = random.Random(20261122)
    for number in range(1, ROWS + 1):
        sex = pick.choice("FM")
        given, family, city = pick.choice(GIVEN[sex].split()), pick.choice(FAMILY.split()), pick.choice(list(CITIES))
        born = date(1946, 1, 1) + timedelta(days=pick.randrange(22_000))
        joined = datetime(2019, 1, 1) + timedelta(minutes=pick.randrange(4_000_000))
        yield {
            "customer_id": f"{number:07d}",
            "full_name": f"{given} {family}",
            "email": f"{_ascii(given)}.{_ascii(family)}{number}@{pick.choice(DOMAINS)}",
            "mobile": _phone(pick, city),
            "gender": pick.choice({"F": ("F", "f", "Female", "female"), "M": ("M", "m", "Male", "male")}[sex]),
            "born": born.strftime(pick.choice(("%Y-%m-%d", "%Y-%m-%d", "%d/%m/%Y"))),
            "married": pick.choice(("yes", "no", "Y", "N", "true", "false", "")),
            "employed": pick.choice(("yes", "yes", "no", "Y", "N", "")),
            "education": pick.choice(("School", "college", "Graduate", "GRADUATE", "")),
            "city": city,
            "signed_up": joined.strftime(pick.choice(("%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"))),
            "loyalty_points": str(pick.randrange(5_000)),
            "newsletter": pick.choice(("yes", "no", "1", "0", "TRUE", "FALSE")),
            "interests": "|".join(pick.sample(INTERESTS, pick.randrange(4))),
            "notes": pick.choice(NOTES) if pick.random() < 0.05 else "",
        }


def _phone(pick: random.Random, city: str) -> str:
    local = f"{pick.choice((WHOLE_COUNTRY, WHOLE_COUNTRY, CITIES[city]))}{pick.randrange(1000):03d}"
    international = f"+44 {local[1:]}"
    return pick.choice((local, local.replace(" ", ""), international, international.replace(" ", ""), ""))


def _ascii(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name.replace("ø", "o")).encode("ascii", "ignore").decode()
    return "".join(filter(str.isalpha, ascii_name)).lower()


#: Column, number of rows, and the invalid value that replaces the valid one.
INVALID_VALUES: tuple[tuple[str, int, Callable[[str], str]], ...] = (
    ("customer_id", 8, lambda _: ""),
    ("customer_id", 7, lambda _: "NULL"),
    ("email", 8, lambda valid: valid.replace("@", " at ")),
    ("email", 7, lambda valid: valid.partition("@")[0]),
    # Only CleverTap's check finds these: a domain cannot start with a hyphen.
    ("email", 16, lambda valid: valid.replace("@", "@-")),
    ("mobile", 6, lambda _: "12"),
    ("mobile", 6, lambda _: "ask reception"),
    ("gender", 5, lambda _: "?"),
    ("born", 4, lambda _: "31/02/1985"),
    ("born", 4, lambda _: "unknown"),
    ("loyalty_points", 6, lambda valid: f"{valid} points"),
)


def main() -> None:
    """Write both files."""
    rows: list[Row] = list(make_rows())
    pick = random.Random(7)
    spoiled = pick.sample(range(len(rows)), sum(count for _, count, _ in INVALID_VALUES))
    corrections: list[dict[str, Any]] = []
    for column, count, spoil in INVALID_VALUES:
        for index in (spoiled.pop() for _ in range(count)):
            right = rows[index][column] or "+443069990000"
            corrections.append({"row": index + 1, "column": column, "value": right})
            rows[index][column] = spoil(right)
    for index in sorted(pick.sample(range(len(rows)), 3), reverse=True):
        if all(correction["row"] != index + 1 for correction in corrections):
            rows[index] = dict.fromkeys(rows[index], "")
    _write("customers.csv", rows)
    _write("corrections.csv", sorted(corrections, key=lambda correction: correction["row"]))


def _write(name: str, rows: list[Any]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
