"""The fields of the ``clevertap`` connection form, stated once for both ways Airflow has of asking for them.

Airflow 3.2 and later read the form from the provider's metadata (``conn-fields``, a JSON schema for each field);
earlier releases ask the hook class for wtforms widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_clevertap.api.regions import REGIONS
from airflow_provider_clevertap.records.limits import MAX_IN_FLIGHT

CONNECTION_TYPE = "clevertap"
HOOK_NAME = "CleverTap"

LONGEST_TIMEOUT = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField:
    """One field that is kept in the connection's extra.

    :param name: key in the extra.
    :param label: what the form shows above the field.
    :param description: what the form shows below it.
    :param type: the JSON type, ``string``, ``integer`` or ``boolean``.
    :param choices: the values allowed, when they are few, each with the text that shows it.
    :param minimum: lowest number allowed.
    :param maximum: highest number allowed.
    """

    name: str
    label: str
    description: str
    type: str
    choices: Mapping[str, str] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None


#: No field has a default. A default region above all would send people's data to the wrong continent without a word.
EXTRA_FIELDS = (
    ExtraField(
        name="region",
        label="Region",
        description="Where the CleverTap account lives: the first part of the dashboard's address. One of "
        f"{', '.join(REGIONS)}. Needed unless a base URL is given.",
        type="string",
        choices={code: f"{code}: {region.place}" for code, region in REGIONS.items()},
    ),
    ExtraField(
        name="max_in_flight",
        label="Most requests in flight",
        description=f"Ceiling for every load through this connection, 1 to {MAX_IN_FLIGHT}. CleverTap allows an "
        f"account {MAX_IN_FLIGHT} at once; leave room for whatever else uses it.",
        type="integer",
        minimum=1,
        maximum=MAX_IN_FLIGHT,
    ),
    ExtraField(
        name="timeout",
        label="Timeout (seconds)",
        description="Longest wait for one answer, in seconds. 60 when empty.",
        type="integer",
        minimum=1,
        maximum=LONGEST_TIMEOUT,
    ),
    ExtraField(
        name="gzip",
        label="Compress requests",
        description="Send uploads compressed with gzip. CleverTap does not document that it takes them: leave it off "
        "unless a test of the connection succeeds with it.",
        type="boolean",
    ),
)


def conn_fields() -> dict[str, dict[str, Any]]:
    """Give the extra fields as Airflow 3.2 and later want them in the provider's metadata."""
    return {
        extra.name: {
            "label": extra.label,
            "description": extra.description,
            "schema": {
                "type": [extra.type, "null"],
                **({"enum": list(extra.choices), "values_display": dict(extra.choices)} if extra.choices else {}),
                **({} if extra.minimum is None else {"minimum": extra.minimum}),
                **({} if extra.maximum is None else {"maximum": extra.maximum}),
            },
        }
        for extra in EXTRA_FIELDS
    }


def widgets() -> dict[str, Any]:
    """Give the extra fields as the wtforms fields that Airflow 2.11 to 3.1 want.

    Airflow takes string, integer, password and boolean fields only, so a choice is a string that is checked.
    """
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, IntegerField, StringField
    from wtforms.validators import NumberRange, Optional, any_of

    makes = {"boolean": BooleanField, "integer": IntegerField, "string": StringField}
    form: dict[str, Any] = {}
    for extra in EXTRA_FIELDS:
        checks = [Optional()]
        if extra.choices:
            checks.append(any_of(list(extra.choices)))
        if extra.minimum is not None or extra.maximum is not None:
            checks.append(NumberRange(min=extra.minimum, max=extra.maximum))
        form[extra.name] = makes[extra.type](
            lazy_gettext(extra.label),
            validators=checks,
            description=extra.description,
            **({} if extra.type == "boolean" else {"widget": BS3TextFieldWidget()}),
        )
    return form


def field_behaviour() -> dict[str, Any]:
    """Give what the form does with Airflow's standard fields, in the one shape all releases share.

    The port is on show although hardly anybody needs it: in Airflow 3.3.1 and 3.3.2 the button Test refuses connections
    that have none (https://github.com/apache/airflow/pull/73298).
    """
    return {
        "hidden_fields": ["schema", "extra"],
        "relabeling": {"login": "Account ID", "password": "Passcode", "host": "Base URL (instead of a region)"},
        "placeholders": {
            "login": "ABC-DEF-123Z",
            "port": "443",
            "host": "empty to use the Region below, or https://your.gateway",
        },
    }
