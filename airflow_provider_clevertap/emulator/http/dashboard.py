"""The page that shows what has arrived. Plain HTML: no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.http.admin import local_only
from airflow_provider_clevertap.emulator.storage.queries import LISTS, listed

ROWS = 15
"""Rows of each table."""

LONGEST_VALUE = 80
"""Characters of a value that are shown."""

LONGEST_KEY = 36
"""Characters of an identifier that are shown: enough for a UUID."""

REFRESH_CHOICES = (2, 10)
"""Seconds between two loads of the page, for those who ask for it."""

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
    """Return a property's value in the page's words."""
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
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _key(value: str) -> str:
    """Show an identifier in one line, so that tables stay narrow."""
    return value if len(value) <= LONGEST_KEY else value[: LONGEST_KEY - 1] + "…"


def _token(value: str) -> str:
    """Show enough of a device token to know it again, too little to use it."""
    return f"{value[:6]}…{value[-4:]}" if len(value) > 16 else f"{value[:3]}…"  # noqa: PLR2004 - 6 and 4 of it


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u2009")


def add_page(app: web.Application, emulator: EmulatedAccount) -> None:
    """Add the page to the application."""
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
        asked = request.query.get("refresh", "")
        refresh = next((seconds for seconds in REFRESH_CHOICES if asked == str(seconds)), None)
        lists = {name: await emulator.listed(listed, name, limit=ROWS, newest=True) for name in LISTS}
        text = template.render(
            account_id=emulator.credentials.account_id,
            settings=emulator.settings,
            stats=await emulator.stats(),
            faults=emulator.faults.listed(),
            now=_clock(datetime.now(UTC).timestamp()),
            rows=ROWS,
            refresh=refresh,
            refresh_choices=REFRESH_CHOICES,
            lists=lists,
        )
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    app.router.add_get("/", local_only(show))
