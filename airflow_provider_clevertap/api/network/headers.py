"""The HTTP headers of the requests to CleverTap, and the check of what goes into them."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

import httpx

from airflow_provider_clevertap.exceptions import ConfigurationError

#: text that is allowed in an HTTP header
_HEADER_TEXT = re.compile(r"[!-~](?:[ -~]*[!-~])?")


def request_headers(account_id: str, passcode: str) -> httpx.Headers:
    """Return the headers of all requests of an account."""
    return httpx.Headers(
        {
            "X-CleverTap-Account-Id": account_id,
            "X-CleverTap-Passcode": passcode,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"airflow-provider-clevertap/{_installed_version()}",
        }
    )


def header_text(value: str, name: str, field: str) -> str:
    """Check a credential for use in a header: the HTTP library would quote an invalid header in its error."""
    text = value.strip()
    if not text:
        raise ConfigurationError(f"The {name} ({field} of the CleverTap connection) is empty.")
    if not _HEADER_TEXT.fullmatch(text):
        raise ConfigurationError(
            f"The {name} ({field} of the CleverTap connection) contains characters that are not allowed in an HTTP "
            "header: copy it again from CleverTap."
        )
    return text


def _installed_version() -> str:
    try:
        return version("airflow-provider-clevertap")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "unknown"
