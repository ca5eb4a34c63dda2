"""Write the people of a clinic as its program exports them, and what each row says to a person.

The clinic works in Spanish and French. Its program writes UTF-16 with tabs, a title and a line of groups before the
header, a last column without a name, and a line of totals at the end. It has changed how it writes dates, amounts and
consent several times. Nothing here knows how the export will be loaded. All people are fictitious.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

ROWS = 1_200
ZONE = ZoneInfo("Europe/Madrid")
HEADER = (
    "N.º historia", "Apellidos y nombre", "Sexo / Sexe", "Correo electrónico", "Móvil", "F. nacimiento", "Fecha alta",
    "Última visita", "Importe pagado", "Deuda", "Cobertura", "Edad", "Fumador", "Consentimiento SMS", "Alergias",
    "Idioma", "Nivel estudios", "Trabaja", "",
)  # fmt: skip
TOTALS = "Total pacientes"
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
SHORT_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
NAMES = ("García Núñez, José", "Müller, Zoé", "Peña, M.ª Ángeles", "L'Hôpital, Noël", 'Ruiz "Pepe", Íñigo')
SEXES = {
    "H": "M",
    "M": "F",
    "Hombre": "M",
    "Mujer": "F",
    "V": "M",
    "Homme": "M",
    "Femme": "F",
    "Male": "M",
    "N/D": None,
}
SMOKERS = {
    "Sí": True, "No": False, "S": True, "N": False, "Oui": True, "Non": False, "exfumador": False, "?": None,
    "VRAI": True, "FAUX": False, "": None,
}  # fmt: skip
CONSENT = {"firmado": True, "pendiente": None, "revocado": False, "oui": True, "non": False}
LANGUAGES = {"es": "Spanish", "fr": "French", "ESP": "Spanish", "FRA": "French", "ca": "Catalan", "": "Spanish"}
STUDIES = {"primaria": "School", "ESO": "School", "universidad": "Graduate", "FP": "College", "sin estudios": None}
WORK = {"activo": "Y", "paro": "N", "en activité": "Y", "retraité": "N", "": None}
ALLERGIES = ("polen", "látex", "penicilina", "níquel")


@dataclass
class Person:
    """A row of the export.

    :param cells: its cells.
    :param profile: what a person reads in it, by the names of CleverTap's fields.
    :param damaged: the columns in which nobody can read anything.
    """

    cells: list[str] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def add(self, cell: str, name: str = "", value: Any = None) -> None:
        self.cells.append(cell)
        if value is not None:
            self.profile[name] = value

    def damage(self, cell: str) -> None:
        self.damaged.append(HEADER[len(self.cells)])
        self.cells.append(cell)


def make_people() -> list[Person]:
    source = random.Random(33)
    return [_person(source, number) for number in range(ROWS)]


def export(people: list[Person]) -> bytes:
    """Return the file that the program writes."""
    lines = ["Clínica del Mar — Listado de pacientes\tPágina 1", "Identificación" + "\t" * 8 + "Económico" + "\t" * 10]
    rows = [list(HEADER), *(person.cells for person in people)]
    lines += ["\t".join(map(_quoted, row)) for row in rows]
    lines.append(TOTALS + "\t" * 8 + "1 234 567,00 €" + "\t" * 10)
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode("utf-16-le")


def _person(source: random.Random, number: int) -> Person:
    person, choice, rare = Person(), source.choice, lambda: source.random() < 0.01
    if rare():
        person.damage(choice(["", "#N/D", "NULL"]))
    else:
        person.add(f"HC-{number:05d}", "identity", f"HC-{number:05d}")
    name = choice(NAMES)
    person.add(name, "Name", name)
    for_sex = choice([*SEXES])
    person.add(for_sex, "Gender", SEXES[for_sex])
    address = f"paciente{number}@example.es"
    if rare():
        person.damage(choice(["paciente(at)example.es", "no tiene"]))
    else:
        person.add(*choice([(address, "Email", address)] * 9 + [("—",), ("N/D",), ("",)]))
    _add_phone(person, source, damaged=rare())
    born = _day(source, 1930, 2020)
    if rare():
        person.damage(choice(["30/02/1990", "2990-01-01", "desconocida"]))
    else:
        words = f"{born.day} de {MONTHS[born.month - 1]} de {born.year}"
        person.add(choice([f"{born:%d/%m/%Y}", f"{born:%d-%m-%Y}", f"{born:%Y%m%d}", words]), "DOB", _stored(born))
    since = _day(source, 2015, 2026)
    words = f"{since.day:02d}-{SHORT_MONTHS[since.month - 1]}-{since.year}"
    cell = choice([f"{since:%d/%m/%Y}", words, f"{since:%d/%m/%y}", f"{since:%d.%m.%Y}"])
    person.add(cell, "Joined On", _stored(since))
    day = _day(source, 2015, 2026)
    visit = datetime(day.year, day.month, day.day, source.randrange(24), source.randrange(60))
    cell = choice([f"{visit:%d/%m/%Y %H:%M}", f"{visit:%Y-%m-%d %H:%M}", f"{visit:%d/%m/%Y %H:%M:00}", ""])
    person.add(cell, "Last Visit", _stored(visit) if cell else None)
    _add_amounts(person, source, damaged=rare())
    age = source.randrange(1, 95)
    cell = choice([str(age), f"{age},0", ""])
    person.add(cell, "Age", age if cell else None)
    for meanings, field_name in ((SMOKERS, "Smoker"), (CONSENT, "MSG-sms")):
        cell = choice([*meanings])
        person.add(cell, field_name, meanings[cell])
    items = source.sample(ALLERGIES, source.randrange(4))
    person.add(" / ".join(items) or choice(["", "/", "ninguna", " / "]), "Allergies", items or None)
    for words_of, field_name in ((LANGUAGES, "Language"), (STUDIES, "Education"), (WORK, "Employed")):
        cell = choice([*words_of])
        person.add(cell, field_name, words_of[cell])
    person.add(choice(["", ";"]))
    return person


def _add_phone(person: Person, source: random.Random, *, damaged: bool) -> None:
    if damaged:
        person.damage(source.choice(["llamar tarde", "612", "+34 612 34 56 7"]))
        return
    number = f"600000{source.randrange(1000):03d}"
    one, two, three = number[:3], number[3:6], number[6:]
    cell = source.choice(
        [number, f"+34 {one} {two[:2]} {two[2:]}{three[:1]} {three[1:]}", f"0034{number}", f"{one}-{two}-{three}",
         f"{one}.{two}.{three}", f"(+34) {number}", ""]
    )  # fmt: skip
    person.add(cell, "Phone", f"+34{number}" if cell else None)


def _add_amounts(person: Person, source: random.Random, *, damaged: bool) -> None:
    paid, space = round(source.uniform(0, 20_000), 2), source.choice([" ", "\u00a0", "\u202f"])
    text = _spanish(paid, space)
    if damaged:
        person.damage(source.choice(["1.234.5 €", "12,345,67 €", "gratis", "1 23 €"]))
    else:
        plain = f"{paid:.2f}".replace(".", ",")
        cell = source.choice(
            [f"{text} €", f"{text}€", f"{text}\u00a0€", f"{text} EUR", plain, text, f"€{text}", "12,- €", ""]
        )
        person.add(cell, "Paid", 0 if not cell else 12 if cell == "12,- €" else paid)
    debt = round(source.uniform(1, 3_000), 2)
    text = _spanish(debt, " ")
    cell = source.choice(
        [f"-{text} €", f"- {text} €", f"({text} €)", f"{text}- €", f"{text} €-", f"\u2212{text}\u202f€",
         f"\u2013{text} €", "sin deuda"]
    )  # fmt: skip
    person.add(cell, "Debt", 0 if cell == "sin deuda" else -debt)
    share = source.choice([0, 15, 50, 66.7, 100])
    text = str(share).replace(".", ",")
    cell = source.choice([f"{text} %", f"{text}%", f"{text}\u202f%", "N/D", ""])
    person.add(cell, "Coverage", round(share / 100, 4) if "%" in cell else None)


def _spanish(amount: float, space: str) -> str:
    return f"{amount:,.2f}".replace(",", space).replace(".", ",")


def _day(source: random.Random, first: int, last: int) -> date:
    return date(source.randrange(first, last), source.randrange(1, 13), source.randrange(1, 29))


def _stored(moment: date) -> str:
    hour, minute = (moment.hour, moment.minute) if isinstance(moment, datetime) else (0, 0)
    local = datetime(moment.year, moment.month, moment.day, hour, minute, tzinfo=ZONE)
    return f"$D_{int(local.timestamp())}"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if '"' in cell else cell
