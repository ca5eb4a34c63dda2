"""The test of a connection: what was tried, what CleverTap answered, and what to do about it."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

from airflow_provider_clevertap.api.network.connection_pool import proxy_address
from airflow_provider_clevertap.api.regions import REGIONS
from airflow_provider_clevertap.connections.settings import connect
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    CleverTapUnavailableError,
    ConfigurationError,
)

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings

_TOO_MANY_REQUESTS = 429


def check_access(settings: ConnectionSettings) -> tuple[bool, str]:
    """Send a dry run of one record, and return whether CleverTap accepted the access, with a message for people.

    :param settings: the connection's settings. The message contains its account, region and address, and no passcode.
    :raises ConfigurationError: when the account id or the passcode is missing or malformed; nothing was sent then.
    """
    client = connect(settings)
    try:
        with closing(client):
            client.check_access()
    except CleverTapError as error:
        return False, f"{str(error).removesuffix('.')}.{_advice(error, settings)} {_attempt(settings)}"
    return True, f"CleverTap accepts the account and passcode. {_attempt(settings)}"


def _attempt(settings: ConnectionSettings) -> str:
    """Return what was sent, as which account, where to, and from where."""
    proxy = proxy_address(settings.base_url)
    return (
        f"Tried: an upload that stores nothing (dry run), as account {settings.account_id}, to {_target(settings)}"
        f"{f', through the proxy {proxy}' if proxy else ''}, from the machine {socket.gethostname()}."
    )


def _target(settings: ConnectionSettings) -> str:
    if settings.region is None:
        return f"{settings.base_url} (the connection's Base URL)"
    region = REGIONS[settings.region.lower()]
    return f"{settings.base_url} (region {region.code}, {region.place})"


def _advice(error: CleverTapError, settings: ConnectionSettings) -> str:
    """Return what to do, beyond what the error's own message says, after a space."""
    proxy = proxy_address(settings.base_url)
    match error:
        case AccessDeniedError() if settings.region is not None:
            return " The region is the first part of the address of your CleverTap dashboard."
        case CleverTapUnavailableError(http_status=None) if proxy:
            return (
                f" Check that the proxy {proxy} (HTTPS_PROXY or ALL_PROXY in the environment of Airflow) runs and lets "
                "this machine through to that host, or exempt the host with NO_PROXY."
            )
        case CleverTapUnavailableError(http_status=None) if settings.region is None:
            return " Check the Base URL and its port, and that a server runs there and this machine can reach it."
        case CleverTapUnavailableError(http_status=None):
            return (
                " Check the network and the firewall of this machine; if it reaches the internet through a proxy, set "
                "HTTPS_PROXY in the environment of Airflow."
            )
        case CleverTapUnavailableError(http_status=status) if status == _TOO_MANY_REQUESTS:
            return " Loads use the account at the moment. Test again later."
        case CleverTapUnavailableError():
            return " Account and passcode were not checked. Test again later."
        case ConfigurationError() if settings.region is None:
            return " Check the Base URL of the connection."
    return ""
