"""Write the customer export of a shop, as shops write them, and what its database really holds.

``dags_examples/data/shop_export.csv`` is the export: the shop sells in Germany, France and Britain, has changed its
software twice, and lets people type. ``tests/data/shop_export_truth.csv`` has one line for each row of it: what a
person who knows the shop would read there, and for rows that nobody can read, the column that is damaged.

Nothing here knows how the export will be loaded. All people are fictitious. E-mail addresses use reserved domains, and
phone numbers the ranges that the three countries reserve for fiction.

    python -m tests.data.make_shop_export
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from pathlib import Path

ROWS = 2_000
ROOT = Path(__file__).parents[2]
EXPORT = ROOT / "dags_examples" / "data" / "shop_export.csv"
TRUTH = Path(__file__).parent / "shop_export_truth.csv"

#: The names of the columns, and the labels in the second line. The export ends each line with one more separator.
HEADER = {
    "kundennr": "Kundennummer", "anrede": "Anrede/Geschlecht", "name": "Name", "email": "E-Mail", "telefon": "Telefon",
    "geburtsdatum": "Geburtsdatum", "kunde_seit": "Kunde seit", "letzte_bestellung": "Letzte Bestellung",
    "letzter_betrag": "Letzter Betrag", "umsatz": "Umsatz gesamt", "bestellungen": "Anzahl Bestellungen",
    "rabatt": "Rabatt", "saldo": "Saldo", "newsletter": "Newsletter", "stufe": "Kundenstufe",
    "interessen": "Interessen", "geraet": "Letztes Gerät", "land": "Land", "bemerkung": "Interne Bemerkung", "": "",
}  # fmt: skip

FEMALE = "Anna Birgit Chloé Élodie Emma Grete Inès Jutta Käthe Margaux Noémie Olivia Priya Sabine Siân Zoë"
MALE = "Alain Björn Cédric Dieter François George Henri Jörg Kwame Liam Noah Owain Rainer Théo Uwe Yannick"
FAMILY = "Bäcker Brown Dubois Fuchs Girard Große Jones Lefèvre Müller O'Brien Patel Roux Schröder Smith Weiß Wójcik"
INTERESTS = ("Bücher", "Garten", "Kochen", "Mode", "Musik", "Reisen", "Sport", "Tee")
NOTES = (
    'sagt: "bitte nicht anrufen"', "VIP; Rabatt mit Fr. Große abgesprochen", "zieht um,\nneue Adresse folgt",
    "Retoure 2x; Kulanz", "b2b?",
)  # fmt: skip


@dataclass
class Customer:
    """A customer, as the shop's database has it; ``None`` is unknown."""

    number: str
    gender: str | None
    name: str
    email: str | None
    phone: str | None
    born: date | None
    since: datetime
    ordered: date | None
    amount: float | None
    revenue: float
    orders: int
    discount: float | None
    balance: float
    newsletter: bool | None
    level: str | None
    interests: list[str]
    device: str | None
    country: str
    #: the columns of the export that no person can read, or that are not of this customer
    damaged: list[str] = field(default_factory=list)


def make_customer(pick: random.Random, place: int) -> Customer:
    """Make a customer of the shop."""
    gender = pick.choice("FFMM-")
    given = pick.choice((FEMALE if gender != "M" else MALE).split())
    country = pick.choice(("DE", "DE", "DE", "FR", "GB"))
    orders = pick.choice((0, 1, 1, 2, 3, 8, 40, 1_250))
    amount = None if orders == 0 else pick.choice((0.0, 4.99, 12.5, 49.9, 1_234.56, pick.randrange(500, 90_000) / 100))
    since = datetime(2014, 1, 1) + timedelta(minutes=pick.randrange(6_000_000))
    ordered = None if orders == 0 else since.date() + timedelta(days=pick.randrange(200))
    return Customer(
        number=f"K-{100_000 + 7 * place}",
        gender=None if gender == "-" else gender,
        name=f"{given} {pick.choice(FAMILY.split())}",
        email=None if pick.random() < 0.05 else f"kunde{place}@{pick.choice(('example.com', 'mail.example.org'))}",
        phone=None if pick.random() < 0.1 else _number(pick, country),
        born=None if pick.random() < 0.2 else date(1940, 1, 1) + timedelta(days=pick.randrange(24_000)),
        since=since,
        ordered=ordered,
        amount=amount,
        revenue=0.0 if amount is None else round(amount * orders, 2),
        orders=orders,
        discount=pick.choice((None, None, 0.05, 0.1, 0.125, 0.075)),
        balance=pick.choice((0.0, 0.0, 0.0, 20.0, -12.5, -1_049.99)),
        newsletter=pick.choice((True, True, False, None)),
        level=pick.choice((None, "gold", "silver", "bronze")),
        interests=pick.sample(INTERESTS, pick.randrange(4)),
        device=pick.choice(("Android", "iOS", None)),
        country=country,
    )


def _number(pick: random.Random, country: str) -> str:
    ranges = {
        "DE": ("+493023125###", "+494066969###", "+498999998###", "+4917139200##", "+4917604069###"),
        "FR": ("+3319900####", "+3326191####", "+3335301####", "+3346571####"),
        "GB": ("+442079460###", "+443069990###", "+441134960###"),
    }
    chosen = pick.choice(ranges[country])
    return "".join(str(pick.randrange(10)) if letter == "#" else letter for letter in chosen)


class Shop:
    """Writes customers into the export, in the language of the shop front and with the software of their time."""

    def __init__(self, pick: random.Random) -> None:
        self._pick = pick

    def row(self, customer: Customer) -> list[str]:
        """Write one row, cell by cell."""
        front = {"DE": 0, "FR": 1, "GB": 2}[customer.country]
        pick = self._pick
        return [
            customer.number,
            self._gender(customer.gender, front),
            customer.name,
            self._email(customer.email),
            self._phone(customer.phone, customer.country),
            self._day(customer.born, pick.choice(("00.00.0000", "0000-00-00", "", "unbekannt"))),
            self._moment(customer.since),
            self._day(customer.ordered, "-"),
            self._amount(customer),
            _german(customer.revenue),
            "" if customer.orders == 0 else f"{customer.orders:,}".replace(",", "."),
            self._share(customer.discount),
            self._balance(customer.balance),
            self._consent(customer.newsletter, front),
            self._level(customer.level, front),
            self._listed(customer.interests),
            customer.device or pick.choice(("-", "", "Desktop")),
            self._country(customer.country),
            pick.choice(NOTES) if pick.random() < 0.06 else "",
            "",
        ]

    def _gender(self, gender: str | None, front: int) -> str:
        words = {
            "F": (("weiblich", "Frau"), ("femme", "Madame"), ("female", "Mrs")),
            "M": (("männlich", "Herr"), ("homme", "Monsieur"), ("male", "Mr")),
            None: (("divers", "k.A.", ""), ("non précisé", ""), ("other", "")),
        }
        word = self._pick.choice(words[gender][front])
        return f"{word} " if self._pick.random() < 0.02 else word

    def _email(self, email: str | None) -> str:
        dice = self._pick.random()
        if email is None:
            return self._pick.choice(("", "n/a", "keine"))
        return f" {email}" if dice < 0.02 else email.upper() if dice < 0.05 else email

    def _phone(self, phone: str | None, country: str) -> str:
        if phone is None:
            return self._pick.choice(("", "", "-", "k.A."))
        code, rest = phone[:3], phone[3:]
        area, end = rest[:3], rest[3:]
        national = [f"0{area}/{end}", f"(0{area}) {end}", f"0{area}-{end}", f"0{area} {end[:3]} {end[3:]}"]
        international = [phone, f"{code} {area} {end}", f"00{code[1:]} {area} {end}", f"{code} (0){area} {end}"]
        # Only the German front accepts numbers without the country.
        return self._pick.choice([*international[:3], *national] if country == "DE" else international[:3])

    def _day(self, day: date | None, unknown: str) -> str:
        return (
            unknown
            if day is None
            else day.strftime(self._pick.choice(("%d.%m.%Y", "%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y")))
        )

    def _moment(self, moment: datetime) -> str:
        return moment.strftime(self._pick.choice(("%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M")))

    def _amount(self, customer: Customer) -> str:
        if customer.amount is None:
            return self._pick.choice(("", "-"))
        if customer.amount == 0:
            return self._pick.choice(("kostenlos", "gratuit", "free", "0,00 €"))
        amount = _german(customer.amount)
        return self._pick.choice((f"{amount} €", f"{amount}\u00a0€", f"EUR {amount}", amount))

    def _share(self, share: float | None) -> str:
        if share is None:
            return self._pick.choice(("", "", "kein"))
        number = f"{share * 100:g}".replace(".", ",")
        return self._pick.choice((f"{number} %", f"{number}%", f"{number}\u00a0%"))

    def _balance(self, balance: float) -> str:
        # The accounts come from another program, which writes the sign behind the number.
        return f"{_german(abs(balance))}-" if balance < 0 else _german(balance)

    def _consent(self, consent: bool | None, front: int) -> str:
        if consent is None:
            return self._pick.choice(("", "offen"))
        words = (("ja", "nein"), ("oui", "non"), ("yes", "no"))[front]
        return self._pick.choice((words[not consent], str(int(consent)), *(() if consent else ("widerrufen",))))

    def _level(self, level: str | None, front: int) -> str:
        words = {
            "gold": ("Gold", "Or", "Gold"), "silver": ("Silber", "Argent", "Silver"),
            "bronze": ("Bronze", "Bronze", "Bronze"), None: ("keine", "aucune", ""),
        }  # fmt: skip
        return words[level][front]

    def _listed(self, interests: Sequence[str]) -> str:
        if not interests:
            return self._pick.choice(("", "k.A.", "|"))
        return self._pick.choice(("|", " | ")).join(interests)

    def _country(self, country: str) -> str:
        return self._pick.choice(
            {
                "DE": ("DE", "Deutschland", "Germany"),
                "FR": ("FR", "Frankreich", "France"),
                "GB": ("GB", "UK", "Großbritannien"),
            }[country]
        )


def _german(number: float) -> str:
    return f"{number:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


#: What people and programs do to an export: the column, to how many rows, what is written there, and what the customer
#: then is to somebody who reads it. A column that cannot be read any more is damaged.
Damage = tuple[str, int, Callable[[str], str], Callable[[Customer], None]]


def _damaged(column: str) -> Callable[[Customer], None]:
    return lambda customer: customer.damaged.append(column)


def _unknown(attribute: str) -> Callable[[Customer], None]:
    return lambda customer: setattr(customer, attribute, None)


def _same(_: Customer) -> None:
    return None


DAMAGES: tuple[Damage, ...] = (
    ("kundennr", 5, lambda _: "", _damaged("kundennr")),
    ("kundennr", 4, lambda _: "NULL", _damaged("kundennr")),
    ("geburtsdatum", 5, lambda _: "31.02.1988", _damaged("geburtsdatum")),
    ("geburtsdatum", 4, lambda _: "1968", _damaged("geburtsdatum")),
    ("kunde_seit", 4, lambda text: text[:7], _damaged("kunde_seit")),
    ("letzter_betrag", 5, lambda _: "#WERT!", _damaged("letzter_betrag")),
    ("letzter_betrag", 4, lambda _: "12.34.56", _damaged("letzter_betrag")),
    ("umsatz", 5, lambda _: "1.2E+", _damaged("umsatz")),
    ("bestellungen", 4, lambda _: "3,5", _damaged("bestellungen")),
    ("rabatt", 3, lambda _: "5 % + 2 %", _damaged("rabatt")),
    ("newsletter", 4, lambda _: "?", _damaged("newsletter")),
    ("anrede", 3, lambda _: "Firma", _damaged("anrede")),
    # An address or a number that does not work: the customer is known all the same.
    ("email", 12, lambda text: text.replace("@", " at "), _unknown("email")),
    ("email", 8, lambda text: text.partition("@")[0], _unknown("email")),
    ("telefon", 8, lambda _: "12", _unknown("phone")),
    ("telefon", 8, lambda _: "auf Anfrage", _unknown("phone")),
    # Typed by hand, and clear to a person.
    ("geburtsdatum", 2, lambda _: "3. März 1990", lambda customer: setattr(customer, "born", date(1990, 3, 3))),
    ("newsletter", 2, lambda _: "ja, gerne!", lambda customer: setattr(customer, "newsletter", True)),
    ("letzter_betrag", 2, lambda _: "ca. 20 Euro", lambda customer: setattr(customer, "amount", 20.0)),
)


def make_rows() -> tuple[list[list[str]], list[Customer]]:
    """Make the rows of the export, and the customers that a person would read in them."""
    pick = random.Random(20260301)
    customers = [make_customer(pick, place) for place in range(1, ROWS + 1)]
    shop = Shop(pick)
    rows = [shop.row(customer) for customer in customers]
    columns = [*HEADER]
    chosen = pick.sample(range(ROWS), sum(count for _, count, _, _ in DAMAGES) + 6)
    for column, count, write, read in DAMAGES:
        for place in (chosen.pop() for _ in range(count)):
            cell = columns.index(column)
            rows[place][cell] = write(rows[place][cell] or "x@x")
            read(customers[place])
    # Somebody has opened the file in an editor: a separator too many, and a line that ends early.
    for place in (chosen.pop() for _ in range(3)):
        rows[place].insert(3, "")
        rows[place].append("Rest")
        customers[place].damaged.append("*")
    for place in chosen:
        del rows[place][9:]
        customers[place].damaged.append("*")
    return rows, customers


def main() -> None:
    """Write both files."""
    rows, customers = make_rows()
    with EXPORT.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        writer.writerow(HEADER.values())
        writer.writerows(rows)
    names = [one.name for one in fields(Customer)]
    with TRUTH.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", *names])
        for place, customer in enumerate(customers, 1):
            writer.writerow([place, *(_as_text(getattr(customer, name)) for name in names)])


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return "|".join(value)
    return "" if value is None else str(value)


if __name__ == "__main__":
    main()
