"""The endpoints of CleverTap's API that the emulator has, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from operator import attrgetter

from airflow_provider_clevertap.emulator.export import answers
from airflow_provider_clevertap.emulator.export.paging.walks import Kind
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
        return await call.account.answer(answers.read_page, kind, cursor, call.fault)
    body = call.query.get("query", "").encode() if call.method == "GET" else call.body
    return await call.account.answer(answers.begin_export, kind, call.query, body)


async def _answer_count(call: Call) -> Reply:
    if call.method == "GET":
        return await call.account.answer(answers.read_count, call.path, call.query.get("req_id"))
    return await call.account.answer(answers.count, call.path, call.body)


async def _answer_active(call: Call) -> Reply:
    return await call.account.answer(answers.active_now, call.body)


async def _answer_messages(call: Call) -> Reply:
    return await call.account.answer(answers.messages, call.body)


async def _answer_schema(call: Call) -> Reply:
    return await call.account.answer(answers.schema, call.query.get("type"))


async def _answer_groups(call: Call) -> Reply:
    return await call.account.answer(answers.groups)


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
    *(Route(method, path, _logged(_answer_count)) for path in answers.COUNTS for method in ("POST", "GET")),
    Route("POST", "/1/now.json", _logged(_answer_active)),
    Route("POST", "/1/message/report.json", _logged(_answer_messages)),
    Route("GET", "/getSchema", _logged(_answer_schema)),
    Route("POST", "/getSchema", _logged(_answer_schema)),
    Route("GET", "/category-groups", _logged(_answer_groups)),
]
"""The endpoints. What any other path below ``/1`` gets is a setting; any other method of these paths gets 405."""


def routes_by_path() -> dict[str, dict[str, Route]]:
    """Return the routes by path and method."""
    paths: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route
    return paths
