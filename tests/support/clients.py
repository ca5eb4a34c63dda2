"""A client of a server of the tests' own, and answers that are no success."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_clevertap.api.client import CleverTapClient
from tests.support.raw_server import ACCOUNT_ID, PASSCODE, TIMEOUT

PAGE = b"<html><title>Welcome to nginx!</title></html>"


def client(url: str, **options: Any) -> CleverTapClient:
    return CleverTapClient(ACCOUNT_ID, PASSCODE, url, **{"timeout": TIMEOUT, **options})


def fail(code: int, error: str = "Nope") -> bytes:
    return json.dumps({"status": "fail", "error": error, "code": code}).encode()
