"""The export of a shop, dirty as exports are, arrives as a person would read it; every other row is named."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.data import make_shop_export as shop
from tests.support.example_needs import EXAMPLES, dag_in

pytestmark = [pytest.mark.airflow]

#: Some cells are clear to a person and to nobody else, such as ``ca. 20 Euro``.
GOOD_ROWS_LOADED = 0.995
#: What the shop itself says of these fields, by the column of its export.
COLUMNS = {
    "anrede": "gender", "email": "email", "telefon": "phone", "geburtsdatum": "born", "letzter_betrag": "amount",
    "newsletter": "newsletter",
}  # fmt: skip


def test_the_files_are_what_the_shop_writes() -> None:
    rows, customers = shop.make_rows()
    with shop.EXPORT.open(encoding="utf-8-sig", newline="") as file:
        names, _, *written = csv.reader(file, delimiter=";")
    assert names == [*shop.HEADER]
    assert written == rows
    assert [row["number"] for row in truth().values()] == [customer.number for customer in customers]
    assert all(len({row[column] for row in rows if len(row) == len(names)}) > 5 for column in (1, 4, 5, 8, 13))


def test_good_rows_arrive_as_a_person_reads_them_and_the_others_are_named(
    run_dag: Any, returned: Any, connection: str, emulator: Any
) -> None:
    summary = returned(run_dag(dag_in(EXAMPLES / "profiles_from_a_shop_export.py")), "load_profiles")
    customers = truth()
    with Path(summary["rejects_path"]).open(encoding="utf-8", newline="") as file:
        named = {row["clevertap_row"]: row for row in csv.DictReader(file)}
    stored = {profile["identity"]: profile["data"] for profile in emulator.profiles()}
    for profile in stored.values():
        # People type addresses in any case.
        profile.update({"Email": profile["Email"].lower()} if "Email" in profile else {})

    good = {number for number, customer in customers.items() if not customer["damaged"]}
    loaded = {number for number in good if customers[number]["number"] in stored}
    assert len(loaded) >= GOOD_ROWS_LOADED * len(good)
    for number in loaded:
        assert stored[customers[number]["number"]] == expected(customers[number]), number
    assert len(stored) == len(loaded) == summary["accepted"]

    # No other row is loaded, and each says which column is wrong, and why.
    for number in customers.keys() - loaded:
        assert named[number]["clevertap_outcome"] == "invalid"
        assert named[number]["clevertap_reason"]
        damaged = customers[number]["damaged"]
        assert named[number]["clevertap_field"] == ("" if damaged == "*" else damaged) or number in good, number
    # What was left out of a loaded row is a column of which a person can make nothing either.
    left_out = {number: row["clevertap_field"] for number, row in named.items() if number in loaded}
    assert len(left_out) == summary["values_dropped"] > 0
    assert all(customers[number][COLUMNS[column]] == "" for number, column in left_out.items())


def truth() -> dict[str, dict[str, str]]:
    with shop.TRUTH.open(encoding="utf-8", newline="") as file:
        return {row["row"]: row for row in csv.DictReader(file)}


def expected(customer: dict[str, str]) -> dict[str, Any]:
    """Return the profile of a customer."""
    since = datetime.fromisoformat(customer["since"]).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    levels = {"gold": "Gold", "silver": "Silver", "bronze": "Bronze", "": None}
    profile = {
        "Name": customer["name"],
        "Gender": customer["gender"] or None,
        "Email": customer["email"] or None,
        "Phone": customer["phone"] or None,
        "DOB": _day(customer["born"]),
        "Customer Since": f"$D_{int(since.timestamp())}",
        "Last Order": _day(customer["ordered"]),
        "Last Amount": _number(customer["amount"]),
        "Revenue": _number(customer["revenue"]),
        "Orders": int(customer["orders"]),
        "Discount": _number(customer["discount"]),
        "Balance": _number(customer["balance"]),
        "MSG-email": {"True": True, "False": False, "": None}[customer["newsletter"]],
        "Tier": levels[customer["level"]],
        "Interests": customer["interests"].split("|") if customer["interests"] else None,
        "Device": customer["device"] or None,
        "Country": customer["country"],
    }
    return {name: value for name, value in profile.items() if value is not None}


def _day(text: str) -> str | None:
    return (
        f"$D_{int(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp())}" if text else None
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
