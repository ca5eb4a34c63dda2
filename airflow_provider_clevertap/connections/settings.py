"""Read the settings of a ``clevertap`` connection; no other module knows which field holds which setting.

In a connection written as a URI every extra is a string (``"8"``, ``"30.5"``); the form and JSON keep types. Both are
read here, strictly. Every error names the connection, the field and what is allowed, and never contains a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.api.regions import REGIONS, base_url
from airflow_provider_clevertap.connections.form import MAX_TIMEOUT
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.records.limits import DEFAULT_IN_FLIGHT, MAX_IN_FLIGHT

if TYPE_CHECKING:
    from airflow_provider_clevertap.api.client import CleverTapClient

DEFAULT_TIMEOUT = 60.0


class AirflowConnection(Protocol):
    """The attributes of an Airflow connection that are read, the same in Airflow 2 and 3."""

    conn_id: str
    login: str | None
    host: str | None
    schema: str | None
    port: int | None

    @property
    def password(self) -> str | None:
        """The secret, decrypted."""

    @property
    def extra(self) -> str | None:
        """The extra as JSON text, decrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Settings of a ``clevertap`` connection.

    :param conn_id: the connection's id.
    :param account_id: CleverTap's account (project) id.
    :param passcode: the secret; kept out of ``repr``.
    :param base_url: where requests are sent, without a slash at the end.
    :param region: the region's code, ``None`` when the connection has a base URL instead.
    :param timeout: maximum wait for one response, in seconds.
    :param max_in_flight: maximum of requests in flight for every load, ``None`` when the connection sets none.
    :param gzip: whether uploads are compressed.
    :param project_timezone: the name of the project's time zone, ``None`` when the connection has none.
    :param dashboard_url: the address of the region's dashboard, also with a base URL; ``None`` when the connection
        names no region, or one whose dashboard no page documents.
    """

    conn_id: str
    account_id: str
    passcode: str = field(repr=False)
    base_url: str
    region: str | None
    timeout: float = DEFAULT_TIMEOUT
    max_in_flight: int | None = None
    gzip: bool = False
    project_timezone: str | None = None
    dashboard_url: str | None = None

    def zone(self) -> ZoneInfo:
        """Return the project's time zone.

        :raises ConfigurationError: when the connection has none.
        """
        if self.project_timezone is None:
            raise ConfigurationError(
                f"Connection {self.conn_id!r} has no project_timezone in its extra. Exports need the time zone of the "
                "CleverTap project, such as Asia/Kolkata: CleverTap's days are days of this zone, and its API does not "
                "return it. The project's settings in CleverTap's dashboard show it."
            )
        return ZoneInfo(self.project_timezone)

    def in_flight(self, requested: int | None = None) -> int:
        """Return how many requests a load may have in flight: what it requests, up to the connection's maximum."""
        if requested is None:
            return self.max_in_flight or DEFAULT_IN_FLIGHT
        return min(requested, self.max_in_flight or requested)


def read_connection(connection: AirflowConnection) -> ConnectionSettings:
    """Read and check the settings of an Airflow connection.

    :param connection: a connection of type ``clevertap``.
    :raises ConfigurationError: when a field is missing, malformed or out of bounds.
    :raises UnknownRegionError: when neither a base URL nor one of CleverTap's regions is given.
    """
    name = connection.conn_id
    extra = _extra(connection)
    if extra.get("passcode"):
        raise ConfigurationError(
            f"Connection {name!r} has a passcode in its extra, which Airflow shows in plain text. "
            "Move it to the field Passcode (password) and change it in CleverTap."
        )
    region = _text(extra.get("region"))
    host = _text(connection.host)
    try:
        url = base_url(region, host, scheme=connection.schema, port=connection.port)
    except ConfigurationError as error:
        raise type(error)(f"Connection {name!r}: {error}") from None
    return ConnectionSettings(
        conn_id=name,
        account_id=connection.login or "",
        passcode=connection.password or "",
        base_url=url,
        region=None if host else region,
        timeout=_number(extra.get("timeout"), name, "timeout", MAX_TIMEOUT) or DEFAULT_TIMEOUT,
        max_in_flight=_whole_number(extra.get("max_in_flight"), name, "max_in_flight", MAX_IN_FLIGHT),
        gzip=_true_or_false(extra.get("gzip"), name, "gzip"),
        project_timezone=_time_zone(extra.get("project_timezone"), name, "project_timezone"),
        dashboard_url=_dashboard_url(region),
    )


def connect(settings: ConnectionSettings, in_flight: int | None = None) -> CleverTapClient:
    """Make the client for a connection.

    :param settings: the connection's settings.
    :param in_flight: how many requests a load wants in flight; the connection's maximum still applies.
    :raises ConfigurationError: when the account id or the passcode is missing or malformed.
    """
    from airflow_provider_clevertap.api.client import CleverTapClient

    try:
        return CleverTapClient(
            settings.account_id,
            settings.passcode,
            settings.base_url,
            timeout=settings.timeout,
            max_in_flight=settings.in_flight(in_flight),
            gzip=settings.gzip,
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"Connection {settings.conn_id!r}: {error}") from None


def _extra(connection: AirflowConnection) -> Mapping[str, Any]:
    # Not extra_dejson: it passes every short value to Airflow's masker, which then logs a confusing line about each.
    text = connection.extra
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError(f"Connection {connection.conn_id!r}: the extra must be a JSON object.")
    return extra


def _dashboard_url(region: str | None) -> str | None:
    known = REGIONS.get((region or "").lower())
    return f"https://{known.dashboard_host}" if known and known.dashboard_host else None


def _text(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None


def _number(value: object, name: str, key: str, maximum: float) -> float | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number <= maximum:
        raise ConfigurationError(
            f"Connection {name!r}: {key} must be a number above 0 and at most {maximum:g}, not {value!r}."
        )
    return number


def _whole_number(value: object, name: str, key: str, maximum: int) -> int | None:
    if value is None or value == "":
        return None
    try:
        number = int(str(value)) if not isinstance(value, bool | float) else 0
    except ValueError:
        number = 0
    if not 1 <= number <= maximum:
        raise ConfigurationError(
            f"Connection {name!r}: {key} must be a whole number from 1 to {maximum}, not {value!r}."
        )
    return number


def _true_or_false(value: object, name: str, key: str) -> bool:
    if value is None or value == "":
        return False
    text = str(value).lower() if isinstance(value, bool | str) else ""
    if text not in ("true", "false"):
        raise ConfigurationError(f"Connection {name!r}: {key} must be true or false, not {value!r}.")
    return text == "true"


def _time_zone(value: object, name: str, key: str) -> str | None:
    text = _text(value)
    if text is None:
        return None
    try:
        return ZoneInfo(text).key
    except (ValueError, OSError, KeyError):  # no such zone, a directory of zones, a path
        raise ConfigurationError(
            f"Connection {name!r}: {key} must be the IANA name of a time zone, such as Asia/Kolkata, not {value!r}."
        ) from None
