"""The endpoints of CleverTap's API that the emulator has, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from operator import attrgetter

from airflow_provider_clevertap.emulator.export import answers
from airflow_provider_clevertap.emulator.export.paging.walks import Kind
from airflow_provider_clevertap.emulator.http.calls import Call, Route
from airflow_provider_clevertap.emulator.kinds import SUBSCRIBE, UPLOAD
from airflow_provider_clevertap.emulator.operations import campaigns, profiles
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


async def _answer_schema(call: Call) -> Reply:
    return await call.account.answer(answers.schema, call.query.get("type"))


async def _answer_content_blocks(call: Call) -> Reply:
    return await call.account.answer(answers.content_blocks, call.query)


async def _answer_groups(call: Call) -> Reply:
    return await call.account.answer(answers.groups)


def _operation(answer: Callable[..., Reply]) -> Callable[[Call], Awaitable[Reply]]:
    """Return a function that answers a call which changes something, unless its fault keeps it from being stored."""

    async def operate(call: Call) -> Reply:
        stores = call.fault is None or call.fault.stored
        return await call.account.answer(answer, call.body, stores)

    return _logged(operate)


def _reading(answer: Callable[..., Reply]) -> Callable[[Call], Awaitable[Reply]]:
    """Return a function that answers a call with a query in its body."""

    async def read(call: Call) -> Reply:
        return await call.account.answer(answer, call.body)

    return _logged(read)


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
    Route("POST", "/1/now.json", _reading(answers.active_now)),
    Route("POST", "/1/message/report.json", _reading(answers.messages)),
    Route("POST", "/1/delete/profiles.json", _operation(profiles.delete)),
    Route("POST", "/1/demerge/profiles.json", _operation(profiles.demerge)),
    Route("POST", "/1/disassociate", _operation(profiles.disassociate)),
    Route("POST", "/1/targets/create.json", _operation(campaigns.create)),
    Route("POST", "/1/targets/list.json", _reading(campaigns.list_campaigns)),
    Route("POST", "/1/targets/stop.json", _operation(campaigns.stop)),
    Route("POST", "/1/targets/result.json", _reading(campaigns.result)),
    Route("GET", "/getSchema", _logged(_answer_schema)),
    Route("POST", "/getSchema", _logged(_answer_schema)),
    Route("GET", "/category-groups", _logged(_answer_groups)),
    Route("GET", "/v1/contentBlock/list", _logged(_answer_content_blocks)),
]
"""The endpoints. What any other path below ``/1`` gets is a setting; any other method of these paths gets 405."""


def routes_by_path() -> dict[str, dict[str, Route]]:
    """Return the routes by path and method."""
    paths: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route
    return paths
