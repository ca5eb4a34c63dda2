"""CleverTap's regions, and the base URL of a connection.

The region or the host comes from the connection, never from data. A region is never guessed: the wrong one would send
personal data to another continent.

Source of the table: https://developer.clevertap.com/docs/common-api-components
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit

from airflow_provider_clevertap.exceptions import ConfigurationError, UnknownRegionError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Region(NamedTuple):
    """One of CleverTap's data centres.

    :param code: the code in the URL of its dashboard.
    :param place: its country or continent.
    :param api_host: host of the API.
    :param dashboard_host: host of the dashboard, empty where no page documents it.
    """

    code: str
    place: str
    api_host: str
    dashboard_host: str = ""

    @property
    def legacy(self) -> bool:
        """Return whether only older CleverTap tools name this region, and the page of regions does not."""
        return not self.dashboard_host


REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        region.code: region
        for region in (
            # on the page, Europe is the default region, without a prefix
            Region("eu1", "Europe", "api.clevertap.com", "eu1.dashboard.clevertap.com"),
            Region("in1", "India", "in1.api.clevertap.com", "in1.dashboard.clevertap.com"),
            Region("sg1", "Singapore", "sg1.api.clevertap.com", "sg1.dashboard.clevertap.com"),
            Region("us1", "United States", "us1.api.clevertap.com", "us1.dashboard.clevertap.com"),
            Region("aps3", "Indonesia", "aps3.api.clevertap.com", "aps3.dashboard.clevertap.com"),
            Region("mec1", "Middle East (UAE)", "mec1.api.clevertap.com", "mec1.dashboard.clevertap.com"),
            # not on the page; older official tools still support it
            Region("sk1", "legacy", "sk1.api.clevertap.com"),
        )
    }
)

_WHERE_TO_LOOK = (
    "The region is the first part of the address of your CleverTap dashboard: "
    "https://in1.dashboard.clevertap.com means in1."
)
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~%-]+)*")


def base_url(
    region: str | None = None,
    host: str | None = None,
    *,
    scheme: str | None = None,
    port: int | None = None,
) -> str:
    """Return the URL that API paths are appended to, without a trailing slash.

    :param region: one of :data:`REGIONS`. Ignored when there is a ``host``.
    :param host: a proxy, a private endpoint or an emulator: a base URL (``https://gateway.example.com/clevertap``) or
        a bare host name, which then means https. It wins over ``region``.
    :param scheme: ``http`` or ``https`` for a bare ``host``, as Airflow connections hold it in ``schema``.
    :param port: port for a ``host`` without one, as Airflow connections hold it.
    :raises UnknownRegionError: when both are missing, or the region is not one of CleverTap's.
    :raises ConfigurationError: when the host cannot be a base URL, or is neither https nor on this machine.
    """
    if host and host.strip():
        return normalize_url(_join_url(host.strip(), (scheme or "").strip().lower(), port))
    code = (region or "").strip().lower()
    if code in REGIONS:
        return f"https://{REGIONS[code].api_host}"
    if not code:
        problem = "The CleverTap connection names neither a region nor a host."
    else:
        problem = f"CleverTap has no region {_quote(code)}.{_suggestion(code)}"
    known = ", ".join(f"{known.code} ({known.place})" for known in REGIONS.values())
    raise UnknownRegionError(f"{problem} Regions: {known}. {_WHERE_TO_LOOK}")


def normalize_url(url: str) -> str:
    """Check a base URL and return it without a trailing slash.

    :param url: a full URL. It must be https unless its host is this machine (``localhost``, ``127.0.0.0/8``,
        ``::1``), and must not contain credentials, query or fragment.
    :raises ConfigurationError: when it is not such a URL. The message contains no part that could be a secret.
    """
    parts = _split(url)
    name = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(name):
        raise ConfigurationError(
            f"The CleverTap host {_quote(name)} must use https: http would send the passcode and personal data "
            "unencrypted. Plain http is only allowed for localhost, 127.0.0.0/8 and ::1."
        )
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        raise ConfigurationError(
            "The path of the CleverTap host contains characters that are not allowed in a path prefix."
        )
    if path.endswith("/1/upload"):
        raise ConfigurationError(
            "The CleverTap host must be the base URL alone: leave out /1/upload, the provider appends it."
        )
    shown_host = f"[{name}]" if ":" in name else name
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{shown_host}{port}{path}"


def is_loopback(name: str) -> bool:
    """Return whether a host name or address is this machine: ``localhost``, ``127.0.0.0/8`` or ``::1``."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    # urlsplit silently removes tabs and line ends, so check for them first
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in url):
        raise ConfigurationError("The CleverTap host contains a space, a backslash or a control character.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError("The CleverTap host is not a URL: its port or address is malformed.") from None
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError("The CleverTap host must begin with https:// (http:// only on this machine).")
    if "@" in parts.netloc:
        raise ConfigurationError(
            "The CleverTap host must not contain credentials: the Account ID belongs in the connection's login, "
            "the passcode in its password."
        )
    if "?" in url or "#" in url:
        raise ConfigurationError("The CleverTap host must be a base URL without query and fragment.")
    if port == 0 or parts.netloc.endswith(":"):
        raise ConfigurationError("The port of the CleverTap host is empty or 0.")
    name = parts.hostname or ""
    if not _HOST_NAME.fullmatch(name) and not _is_ipv6(name):
        raise ConfigurationError("The CleverTap host contains no valid host name.")
    return parts


def _join_url(host: str, scheme: str, port: int | None) -> str:
    """Join the host of a connection with its schema and port."""
    if scheme not in ("", "http", "https"):
        raise ConfigurationError("The schema of the CleverTap connection must be empty, https or http.")
    host_scheme = host.partition("://")[0].lower() if "://" in host else ""
    if host_scheme and scheme and host_scheme != scheme:
        raise ConfigurationError("The CleverTap connection's schema and the scheme of its host are not the same.")
    url = host if host_scheme else f"{scheme or 'https'}://{f'[{host}]' if _is_ipv6(host) else host}"
    if not port:  # forms without empty numbers store 0
        return url
    parts = _split(url)
    if parts.port not in (None, port):
        raise ConfigurationError("The CleverTap connection's port and the port of its host are not the same.")
    netloc = parts.netloc if parts.port is not None else f"{parts.netloc}:{port}"
    return parts._replace(netloc=netloc).geturl()


def _is_ipv6(name: str) -> bool:
    try:
        return "%" not in name and isinstance(ipaddress.ip_address(name), ipaddress.IPv6Address)
    except ValueError:
        return False


def _suggestion(code: str) -> str:
    names = {region.code: region.code for region in REGIONS.values()}
    names |= {region.place.lower(): region.code for region in REGIONS.values() if not region.legacy}
    near = difflib.get_close_matches(code, names, n=3, cutoff=0.6)
    codes = list(dict.fromkeys(names[name] for name in near))
    return f" Did you mean {' or '.join(codes)}?" if codes else ""


def _quote(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")  # noqa: PLR2004 - enough to recognise it
