"""The fields of the ``clevertap`` connection form, defined once for both ways in which Airflow reads them.

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

MAX_TIMEOUT = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField:
    """One field of the form whose value is stored in the connection's extra.

    :param name: key in the extra.
    :param label: what the form shows above the field.
    :param description: what the form shows below it.
    :param type: the JSON type, ``string``, ``integer`` or ``boolean``.
    :param choices: the allowed values, if the field offers a choice, each with the text the form shows for it.
    :param minimum: lowest number allowed.
    :param maximum: highest number allowed.
    :param section: heading of a part of the form on Airflow 3.2 and later, which shows the field there; the heading is
        visible while that part is closed. Empty for the part that Airflow calls Extra Fields.
    """

    name: str
    label: str
    description: str
    type: str
    choices: Mapping[str, str] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    section: str = ""


#: No field has a default. A default region would send people's data to the wrong continent without a warning.
EXTRA_FIELDS = (
    ExtraField(
        name="region",
        label="Region",
        description="Region of the CleverTap account: the first part of the dashboard's address. One of "
        f"{', '.join(REGIONS)}. Required unless a base URL is given.",
        type="string",
        choices={code: f"{code}: {region.place}" for code, region in REGIONS.items()},
        section="Region (required unless there is a Base URL)",
    ),
    ExtraField(
        name="max_in_flight",
        label="Maximum requests in flight",
        description=f"Maximum for every load through this connection, 1 to {MAX_IN_FLIGHT}. CleverTap allows an "
        f"account {MAX_IN_FLIGHT} at a time; leave some for other programs that use the account.",
        type="integer",
        minimum=1,
        maximum=MAX_IN_FLIGHT,
    ),
    ExtraField(
        name="timeout",
        label="Timeout (seconds)",
        description="Maximum wait for one response, in seconds. 60 when empty.",
        type="integer",
        minimum=1,
        maximum=MAX_TIMEOUT,
    ),
    ExtraField(
        name="gzip",
        label="Compress requests",
        description="Send uploads compressed with gzip. CleverTap does not document that it accepts them: leave this "
        "off unless a test of the connection succeeds with it.",
        type="boolean",
    ),
    ExtraField(
        name="project_timezone",
        label="Project time zone",
        description="Time zone of the CleverTap project, such as Asia/Kolkata: see its settings in the dashboard. "
        "Exports need it: CleverTap's days are days of this zone, and its API does not return it.",
        type="string",
    ),
)


def conn_fields() -> dict[str, dict[str, Any]]:
    """Return the extra fields in the form that Airflow 3.2 and later read from the provider's metadata."""
    return {
        extra.name: {
            "label": extra.label,
            "description": extra.description,
            "schema": {
                "type": [extra.type, "null"],
                **({"enum": list(extra.choices), "values_display": dict(extra.choices)} if extra.choices else {}),
                **({} if extra.minimum is None else {"minimum": extra.minimum}),
                **({} if extra.maximum is None else {"maximum": extra.maximum}),
                **({"section": extra.section} if extra.section else {}),
            },
        }
        for extra in EXTRA_FIELDS
    }


def widgets() -> dict[str, Any]:
    """Return the extra fields as the wtforms fields that Airflow 2.11 to 3.1 read from the hook.

    Airflow accepts string, integer, password and boolean fields only, so a choice is a string with a validator.
    """
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, IntegerField, StringField
    from wtforms.validators import NumberRange, Optional, any_of

    field_classes = {"boolean": BooleanField, "integer": IntegerField, "string": StringField}
    form: dict[str, Any] = {}
    for extra in EXTRA_FIELDS:
        validators = [Optional()]
        if extra.choices:
            validators.append(any_of(list(extra.choices)))
        if extra.minimum is not None or extra.maximum is not None:
            validators.append(NumberRange(min=extra.minimum, max=extra.maximum))
        form[extra.name] = field_classes[extra.type](
            lazy_gettext(extra.label),
            validators=validators,
            description=extra.description,
            **({} if extra.type == "boolean" else {"widget": BS3TextFieldWidget()}),
        )
    return form


def field_behaviour() -> dict[str, Any]:
    """Return which of Airflow's standard fields the form hides and renames, in the form all releases share.

    Airflow marks none of its standard fields as required, so the labels of those that are required say so.

    The port is shown although hardly anybody needs it: in Airflow 3.3.1 and 3.3.2 the button Test rejects connections
    that have none (https://github.com/apache/airflow/pull/73298).
    """
    return {
        "hidden_fields": ["schema", "extra"],
        "relabeling": {
            "login": "Account ID (required)",
            "password": "Passcode (required)",
            "host": "Base URL (instead of a region)",
        },
        "placeholders": {
            "login": "ABC-DEF-123Z",
            "port": "443",
            "host": "empty to use the Region below, or https://your.gateway",
        },
    }
