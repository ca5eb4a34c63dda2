"""Load the customer export of a shop as it is: words of three languages, money, several forms of dates.

Everything that the export writes in its own way is declared in ``columns``. Nothing is guessed: a cell that is not
written as declared makes its row invalid, and the rejects file says why. A bad e-mail address or phone number is left
out, and the customer is loaded without it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
from airflow_provider_clevertap.sources import CsvSource

EXPORT = Path(__file__).parent / "data" / "shop_export.csv"
NONE = dict.fromkeys(("-", "n/a", "k.A.", "keine", "kein", "aucune", "unbekannt", "00.00.0000", "0000-00-00"))
DAYS = ["dd.MM.yyyy", "dd/MM/yyyy", "yyyy-MM-dd"]
MINUTES = ["dd.MM.yyyy HH:mm", "dd/MM/yyyy HH:mm", "yyyy-MM-dd HH:mm:ss"]
FEMALE, MALE = ("weiblich", "Frau", "femme", "Madame", "female", "Mrs"), ("männlich", "Herr", "homme", "Monsieur", "Mr")
GENDERS = {**dict.fromkeys(FEMALE, "F"), **dict.fromkeys(MALE, "M")}
GENDERS |= dict.fromkeys(("divers", "non précisé", "other", "k.A."))
CONSENT = {"ja": True, "oui": True, "nein": False, "non": False, "widerrufen": False, "offen": None}

with DAG(
    "profiles_from_a_shop_export",
    dag_display_name="Nightly: profiles from a shop's export",
    tags=["clevertap", "profiles", "csv"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):
    CleverTapUploadProfilesOperator(
        task_id="load_profiles",
        # The first line has the names, the second labels for people. The last column has no name and is left out.
        source=CsvSource(str(EXPORT), delimiter=";", header_row=1, skip_rows=2),
        columns={
            "kundennr": "identity",
            "anrede": Column("Gender", values=GENDERS),
            "name": "Name",
            "email": Column("Email", values=NONE, on_bad_value="drop"),
            "telefon": Column("Phone", values=NONE, on_bad_value="drop"),
            "geburtsdatum": Column("DOB", format=DAYS, values=NONE),
            "kunde_seit": Column("Customer Since", format=MINUTES, timezone="Europe/Berlin"),
            "letzte_bestellung": Column("Last Order", format=DAYS, values=NONE),
            "letzter_betrag": Column("Last Amount", decimal=",", thousands=".", currency=["€", "EUR"],
                                     values={**NONE, "kostenlos": 0, "gratuit": 0, "free": 0}),
            "umsatz": Column("Revenue", decimal=",", thousands="."),
            "bestellungen": Column("Orders", type="integer", decimal=",", thousands=".", default=0),
            "rabatt": Column("Discount", decimal=",", percent="fraction", values=NONE),
            "saldo": Column("Balance", decimal=",", thousands="."),
            "newsletter": Column("MSG-email", values=CONSENT),
            "stufe": Column("Tier", values={**NONE, "Or": "Gold", "Silber": "Silver", "Argent": "Silver"}),
            "interessen": Column("Interests", type="list", separator="|", values=NONE),
            "geraet": Column("Device", values={**NONE, "Desktop": None}),
            "land": Column("Country", values={"Deutschland": "DE", "Germany": "DE", "Frankreich": "FR", "France": "FR",
                                              "Großbritannien": "GB", "UK": "GB"}),
            "bemerkung": None,
        },
        default_country="DE",  # phone numbers without a country code are German
        max_rejects=0.05,
    )  # fmt: skip
