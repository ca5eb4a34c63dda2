"""The start page, which shows what has arrived. Plain HTML: no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.http.admin import local_only
from airflow_provider_clevertap.emulator.storage.listings import read_list
from airflow_provider_clevertap.emulator.storage.queries import LISTS

ROWS = 15
"""Rows of each table."""

MAX_VALUE_LENGTH = 80
"""Characters of a value that are shown."""

MAX_KEY_LENGTH = 36
"""Characters of an identifier that are shown: enough for a UUID."""

REFRESH_CHOICES = (2, 10)
"""Seconds after which the page can reload automatically."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _clock(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _short(value: Any) -> str:
    """Return a property's value as short text."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, list):
        text = "; ".join(_short(item) for item in value)
    elif isinstance(value, dict):
        text = ", ".join(f"{key}: {_short(item)}" for key, item in value.items())
    elif isinstance(value, str) and value.startswith("$D_") and value[3:].lstrip("-").isdigit():
        text = _clock(int(value[3:]))
    else:
        text = str(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def _key(value: str) -> str:
    """Return the beginning of an identifier, so that tables stay narrow."""
    return value if len(value) <= MAX_KEY_LENGTH else value[: MAX_KEY_LENGTH - 1] + "…"


def _token(value: str) -> str:
    """Return enough of a device token to recognize it, too little to use it."""
    return f"{value[:6]}…{value[-4:]}" if len(value) > 16 else f"{value[:3]}…"  # noqa: PLR2004 - 6 and 4 of it


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u2009")


def add_dashboard(app: web.Application, account: EmulatedAccount) -> None:
    """Add the start page to the application."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": _clock, "short": _short, "key": _key, "token": _token, "number": _number}
    template = environment.get_template("dashboard.html")

    async def show(request: web.Request) -> web.StreamResponse:
        requested = request.query.get("refresh", "")
        refresh = next((seconds for seconds in REFRESH_CHOICES if requested == str(seconds)), None)
        lists = {
            name: await account.query(read_list, listing, limit=ROWS, newest=True) for name, listing in LISTS.items()
        }
        text = template.render(
            account_id=account.credentials.account_id,
            settings=account.settings,
            stats=await account.stats(),
            faults=account.faults.to_builtins(),
            now=_clock(datetime.now(UTC).timestamp()),
            rows=ROWS,
            refresh=refresh,
            refresh_choices=REFRESH_CHOICES,
            lists=lists,
        )
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    app.router.add_get("/", local_only(show))
