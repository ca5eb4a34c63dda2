"""The export of a clinic, in Spanish and French, arrives as a person would read it; every other row is named."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource
from tests.data import make_clinic_export as clinic

GOOD_ROWS_LOADED = 0.995
NONE = dict.fromkeys(("—", "N/D", "ninguna"))
ZONE = {"timezone": "Europe/Madrid"}
#: Written from the export and docs/columns.md.
COLUMNS = {
    "N.º historia": Column("identity", values={"Total pacientes": None}),
    "Apellidos y nombre": "Name",
    "Sexo / Sexe": Column("Gender", values={"H": "M", "M": "F", "Hombre": "M", "Mujer": "F", "V": "M", "Homme": "M",
                                            "Femme": "F", "N/D": None}),
    "Correo electrónico": Column("Email", values=NONE),
    "Móvil": "Phone",
    "F. nacimiento": Column("DOB", format=["dd/MM/yyyy", "dd-MM-yyyy", "yyyyMMdd", "%d de %B de %Y"], **ZONE),
    "Fecha alta": Column("Joined On", format=["dd/MM/yyyy", "%d/%m/%y", "dd.MM.yyyy", "dd-MMM-yyyy"], **ZONE),
    "Última visita": Column("Last Visit", format=["dd/MM/yyyy HH:mm", "yyyy-MM-dd HH:mm", "dd/MM/yyyy HH:mm:ss"],
                            **ZONE),
    "Importe pagado": Column("Paid", decimal=",", thousands=" ", currency=True, default=0),
    "Deuda": Column("Debt", decimal=",", thousands=" ", currency="€", parentheses=True, values={"sin deuda": 0}),
    "Cobertura": Column("Coverage", decimal=",", percent="fraction", values=NONE),
    "Edad": Column("Age", decimal=","),
    "Fumador": Column("Smoker", type="boolean", values={"Sí": True, "S": True, "Oui": True, "VRAI": True, "Non": False,
                                                        "FAUX": False, "exfumador": False, "?": None}),
    "Consentimiento SMS": Column("MSG-sms", values={"firmado": True, "pendiente": None, "revocado": False, "oui": True,
                                                    "non": False}),
    "Alergias": Column("Allergies", type="list", separator="/", values=NONE),
    "Idioma": Column("Language", values={"es": "Spanish", "ESP": "Spanish", "fr": "French", "FRA": "French",
                                         "ca": "Catalan"}, default="Spanish"),
    "Nivel estudios": Column("Education", values={"primaria": "School", "ESO": "School", "universidad": "Graduate",
                                                  "FP": "College", "sin estudios": None}),
    "Trabaja": Column("Employed", values={"activo": True, "paro": False, "en activité": True, "retraité": False}),
}  # fmt: skip


def test_good_rows_arrive_as_a_person_reads_them_and_the_others_are_named(
    make_load: Callable[..., Load], emulator: Any, tmp_path: Path
) -> None:
    people = clinic.make_people()
    export, rejects = tmp_path / "pacientes.txt", tmp_path / "rejects.csv"
    export.write_bytes(clinic.export(people))
    source = CsvSource(str(export), delimiter="\t", encoding="utf-16", header_row=3)
    summary = make_load(
        open_source(source),
        columns=parse_columns(COLUMNS),
        default_country="ES",
        max_rejects=0.2,
        rejects_path=str(rejects),
    ).run()

    stored = {profile["identity"]: _plain(profile["data"]) for profile in emulator.profiles()}
    with rejects.open(encoding="utf-8", newline="") as file:
        named = {int(row["clevertap_row"]): row for row in csv.DictReader(file)}
    good = [person for person in people if not person.damaged]
    expected = {person.profile.pop("identity"): person.profile for person in good}
    assert len(stored) == summary.accepted >= GOOD_ROWS_LOADED * len(good)
    assert stored == {identity: expected[identity] for identity in stored}

    for number, person in enumerate(people, 1):
        if person.damaged:
            assert named[number]["clevertap_reason"]
            assert {*named[number]["clevertap_field"].split(", ")} == {*person.damaged}
    totals = named.pop(len(people) + 1)
    assert "no identity" in totals["clevertap_reason"]
    assert len(named) == len(people) - len(stored)


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return a profile with numbers as they are compared."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in data.items()}
