"""The endpoints of CleverTap's API that the emulator has, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from operator import attrgetter

from airflow_provider_clevertap.emulator.export.walks import Kind
from airflow_provider_clevertap.emulator.http.calls import Call, Route
from airflow_provider_clevertap.emulator.kinds import SUBSCRIBE, UPLOAD
from airflow_provider_clevertap.emulator.replies import Reply, result_of


async def _answer_records(call: Call) -> Reply:
    return await call.account.receive(call.entry, call.path, call.body, call.fault)


async def _answer_upload(call: Call) -> Reply:
    call.entry.dry_run = call.query.get("dryRun") == "1"
    return await _answer_records(call)


async def _answer_profile(call: Call) -> Reply:
    return await call.account.profile(call.query)


async def _answer_export(kind: Kind, call: Call) -> Reply:
    """Answer a query with a cursor, and a cursor with a page, whatever the method.

    A ``GET`` with the query in the address is the older form, which CleverTap's own Node client uses.
    """
    cursor = call.query.get("cursor")
    if cursor is not None:
        return await call.account.export(lambda exports, *now: exports.page(kind, cursor, *now, call.fault))
    body = call.query.get("query", "").encode() if call.method == "GET" else call.body
    return await call.account.export(lambda exports, *now: exports.begin(kind, call.query, body, *now))


def _logged(answer: Callable[[Call], Awaitable[Reply]]) -> Callable[[Call], Awaitable[Reply]]:
    """Return a function that also writes the status of the answer into the request log."""

    async def logged(call: Call) -> Reply:
        reply = await answer(call)
        call.entry.result = result_of(reply)
        return reply

    return logged


_answer_events = _logged(partial(_answer_export, "events"))
_answer_profiles = _logged(partial(_answer_export, "profiles"))

ROUTES = [
    Route("POST", UPLOAD, _answer_upload, attrgetter("max_in_flight")),
    Route("POST", SUBSCRIBE, _answer_records),
    Route("GET", "/1/profile.json", _logged(_answer_profile)),
    Route("POST", "/1/events.json", _answer_events),
    Route("GET", "/1/events.json", _answer_events),
    Route("POST", "/1/profiles.json", _answer_profiles),
    Route("GET", "/1/profiles.json", _answer_profiles),
]
"""The endpoints. Any other path below ``/1`` gets 404, any other method of these paths 405."""


def routes_by_path() -> dict[str, dict[str, Route]]:
    """Return the routes by path and method."""
    paths: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route
    return paths
