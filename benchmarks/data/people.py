"""Profiles like those of a real export, and variants of them with more columns, longer texts or other scripts.

They have twelve columns, with empty cells, names that contain commas and quotes, and letters beyond ASCII.
"""

from __future__ import annotations

from typing import Any

from benchmarks.data.pieces import CITIES, FAMILY, GIVEN, Chunk, Dirt, LoadedAs, as_text, blank, joined

TIERS = ("Bronze", "Silver", "Gold", "Platinum")
MAILBOXES = ("anna", "ben", "chris", "devi", "kim", "lee", "sam")
DOMAINS = ("example.com", "example.org", "mail.example.net")

BAD_CELLS = (("Email", "not given"), ("Phone", "call reception"), ("Gender", "unknown"), ("identity", ""))

#: Custom columns added to the twelve to make 200.
EXTRA_COLUMNS = 188

#: Names and places in the scripts of many countries.
GIVEN_ABROAD = ("आशा", "ஆனந்த்", "Фёдор", "Ελένη", "محمد", "さくら", "伟", "지우", "สมชาย", "Žofia", "Þórunn", "אורי")
FAMILY_ABROAD = ("शर्मा", "குமார்", "Иванова", "Παπαδόπουλος", "العلي", "山田", "王", "김", "ใจดี", "Dvořáková", "😀 Ωmega")
CITIES_ABROAD = ("मुंबई", "சென்னை", "Москва", "Αθήνα", "القاهرة", "東京", "北京", "서울", "กรุงเทพฯ", "Kraków", "Reykjavík")

SENTENCES = (
    "Asked for a call back in the afternoon, and would rather not be written to. ",
    "Bought twice as a guest before the account was made; the orders were joined in March. ",
    "Prefers the shop in the old town, parking permitting. ",
    "Returned the grey one because of its size and kept the blue one. ",
    "Says the newsletter reads well on paper (prints it). ",
)


def people(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make profiles with twelve columns."""
    columns = _valid(chunk, GIVEN, FAMILY, CITIES)
    chunk.spoil(columns, dirt, BAD_CELLS)
    return columns


def people_abroad(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make the same with names and places that are hardly ASCII."""
    columns = _valid(chunk, GIVEN_ABROAD, FAMILY_ABROAD, CITIES_ABROAD)
    chunk.spoil(columns, dirt, BAD_CELLS)
    return columns


def people_with_notes(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make the same with four more columns, of text of about 350 characters."""
    columns = people(chunk, dirt)
    for name in ("Note", "Address", "Wishes", "History"):
        columns[name] = joined(*(chunk.pick(SENTENCES) for _ in range(5)))
    return columns


def people_with_amounts(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make the same with six more columns: two of words, two of amounts and two of days, as CleverTap takes them."""
    columns = people(chunk, dirt)
    for number in (1, 2):
        columns[f"Word {number}"] = chunk.pick(("Basic", "Premium", "Trial"))
        columns[f"Amount {number}"] = as_text(chunk.money(20_000))
        columns[f"Day {number}"] = _days(chunk, "%d/%m/%Y")
    return columns


def people_in_other_words(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make the same with six more columns of the same kinds, as people write them."""
    import pyarrow.compute as pc

    columns = people(chunk, dirt)
    for number in (1, 2):
        columns[f"Word {number}"] = chunk.pick(("einfach", "wichtig", "Probe"))
        columns[f"Amount {number}"] = pc.replace_substring(as_text(chunk.money(20_000)), ".", ",")
        german, french = _days(chunk, "%d.%m.%Y"), _days(chunk, "%d/%m/%Y")
        columns[f"Day {number}"] = pc.if_else(chunk.sometimes(0.5), german, french)
    return columns


def people_with_survey(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make the same with 200 columns: answers to a survey, a third of them empty."""
    columns = people(chunk, dirt)
    for number in range(1, EXTRA_COLUMNS + 1):
        answer = (chunk.whole(0, 1_000), chunk.pick(TIERS), chunk.money(500), chunk.pick(CITIES))[number % 4]
        columns[f"Answer {number}"] = blank(answer, chunk.sometimes(1 / 3))
    return columns


def as_profiles() -> LoadedAs:
    """Return how this package loads them."""
    from airflow_provider_clevertap.columns import Column
    from airflow_provider_clevertap.loading.record_kinds import PROFILES

    columns = {
        "Loyalty Points": Column(type="integer"),
        "Lifetime Value": Column(type="float"),
        "Joined On": Column(type="date"),
    }
    return PROFILES, columns


def as_profiles_with_survey() -> LoadedAs:
    """Return how this package loads those with 200 columns."""
    from airflow_provider_clevertap.columns import Column

    kind, columns = as_profiles()
    whole = {f"Answer {number}": Column(type="integer") for number in range(4, EXTRA_COLUMNS + 1, 4)}
    amounts = {f"Answer {number}": Column(type="float") for number in range(2, EXTRA_COLUMNS + 1, 4)}
    return kind, {**columns, **whole, **amounts}


def as_profiles_with_amounts() -> LoadedAs:
    """Return how this package loads those with amounts and days."""
    from airflow_provider_clevertap.columns import Column

    kind, columns = as_profiles()
    amounts = {f"Amount {number}": Column(type="float") for number in (1, 2)}
    days = {f"Day {number}": Column(format="dd/MM/yyyy") for number in (1, 2)}
    return kind, {**columns, **amounts, **days}


def as_profiles_in_other_words() -> LoadedAs:
    """Return how this package loads the same as people write them."""
    from airflow_provider_clevertap.columns import Column

    kind, columns = as_profiles()
    values = {"einfach": "Basic", "wichtig": "Premium", "Probe": "Trial"}
    words = {f"Word {number}": Column(values=values) for number in (1, 2)}
    amounts = {f"Amount {number}": Column(decimal=",") for number in (1, 2)}
    days = {f"Day {number}": Column(format=["dd/MM/yyyy", "dd.MM.yyyy"]) for number in (1, 2)}
    return kind, {**columns, **words, **amounts, **days}


def _days(chunk: Chunk, form: str) -> Any:
    import pyarrow.compute as pc

    return pc.strftime(chunk.moments(), format=form)


def _valid(chunk: Chunk, given_names: Any, family_names: Any, cities: Any) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    given, family = chunk.pick(given_names), chunk.pick(family_names)
    name = joined(given, family, between=" ")
    name = pc.if_else(chunk.sometimes(0.02), joined(family, given, between=", "), name)
    name = pc.if_else(chunk.sometimes(0.0005), joined(given, ' "', given, '" ', family), name)
    mailbox = joined(chunk.pick(MAILBOXES), chunk.number, between=".")
    return {
        "identity": chunk.named("cust-"),
        "Name": name,
        "Email": joined(mailbox, chunk.pick(DOMAINS), between="@"),
        "Phone": joined("+91", chunk.whole(7_000_000_000, 9_999_999_999).cast(pa.string())),
        "Gender": chunk.pick(("F", "M")),
        "DOB": chunk.whole(-7_000, 12_000).cast(pa.int32()).cast(pa.date32()),
        "City": blank(chunk.pick(cities), chunk.sometimes(0.05)),
        "Customer Type": chunk.pick(TIERS),
        "Loyalty Points": chunk.whole(0, 50_000),
        "Lifetime Value": chunk.money(20_000),
        "Joined On": chunk.moments(),
        "MSG-email": chunk.sometimes(0.7),
    }
