"""Sends answers with the fault of their request: changed, in pieces, or not at all."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from http import HTTPStatus

import msgspec
from aiohttp import ClientError, web

from airflow_provider_clevertap.emulator.faults.export_rules import NullTime, WithoutFields
from airflow_provider_clevertap.emulator.faults.rules import (
    BadJson,
    CloseIdle,
    HalfBody,
    HangUp,
    Html,
    HugeBody,
    NoRecordNumbers,
    Reset,
    ResponseFault,
    SlowDrip,
    Stall,
    Status,
    WrongContentType,
    WrongCounts,
)
from airflow_provider_clevertap.emulator.http.idle_connections import IDLE_CONNECTIONS
from airflow_provider_clevertap.emulator.replies import (
    INVALID_CREDENTIALS,
    MALFORMED,
    TOO_MANY_REQUESTS,
    Reply,
    failure,
    json_reply,
)

_ERRORS = {400: MALFORMED, 401: INVALID_CREDENTIALS, 429: TOO_MANY_REQUESTS}
_HTML = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"
_HTML_TYPE = "text/html;charset=utf-8"

_CLIENT_CHECK_SECONDS = 0.05
"""How often a stalled request checks whether its client is still connected."""

_TIME = re.compile(rb'"ts":[0-9]+')

_PADDING = b" " * 65_536


def apply_fault(fault: ResponseFault | None, reply: Reply, records: int) -> Reply | None:
    """Return the answer a fault changes the correct one to, or ``None`` when no answer is sent.

    :param reply: the correct answer.
    :param records: how many records were sent.
    """
    match fault:
        case Stall() | Reset() | HangUp():
            return None
        case Status():
            return _status(fault)
        case Html():
            return Reply(200, _HTML.format("Please wait").encode(), _HTML_TYPE)
        case WrongContentType():
            return Reply(reply.status, reply.body, _HTML_TYPE)
        case BadJson():
            return Reply(reply.status, reply.body[: len(reply.body) // 2])
        case WrongCounts():
            processed = records + 1 if fault.processed is None else fault.processed
            return json_reply(200, {"status": "success", "processed": processed, "unprocessed": []})
        case NoRecordNumbers():
            return _without_record_numbers(reply)
        case WithoutFields():
            answer = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
            return json_reply(reply.status, {name: value for name, value in answer.items() if name not in fault.fields})
        case NullTime():
            return Reply(reply.status, _TIME.sub(b'"ts":null', reply.body, count=1))
        case _:
            return reply


def _status(fault: Status) -> Reply:
    phrase = HTTPStatus(fault.status).phrase if fault.status in list(HTTPStatus) else "Error"
    if fault.body == "json":
        reply = failure(fault.status, fault.error or _ERRORS.get(fault.status, phrase), fault.code)
    elif fault.body == "html":
        reply = Reply(fault.status, _HTML.format(f"{fault.status} {phrase}").encode(), _HTML_TYPE)
    else:
        reply = Reply(fault.status, b"")
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = str(fault.retry_after)
    return reply


def _without_record_numbers(reply: Reply) -> Reply:
    answer = msgspec.json.decode(reply.body)
    for entry in answer.get("unprocessed", ()):
        entry["error"] = entry["error"].partition("Skipped record number")[0]
    return json_reply(reply.status, answer)


async def send(
    request: web.Request, fault: ResponseFault | None, reply: Reply | None, stopping: asyncio.Event
) -> web.StreamResponse:
    """Send an answer, or close the connection.

    :param reply: the answer; ``None`` for none.
    :param stopping: set when the emulator stops.
    """
    if reply is None:
        if isinstance(fault, Stall):
            await _wait_for_disconnect(request, fault.seconds, stopping)
        return _close(request, is_reset=isinstance(fault, Reset))
    if isinstance(fault, HalfBody | HugeBody | SlowDrip | CloseIdle):
        try:
            return await _send_with_fault(request, fault, reply, stopping)
        except (OSError, ClientError):
            return _close(request)
    headers = {**reply.headers, "Content-Type": reply.content_type}
    return web.Response(status=reply.status, body=reply.body, headers=headers)


async def _send_with_fault(
    request: web.Request, fault: HalfBody | HugeBody | SlowDrip | CloseIdle, reply: Reply, stopping: asyncio.Event
) -> web.StreamResponse:
    """Send an answer in pieces. Raises when the client disconnects meanwhile."""
    match fault:
        case HalfBody():
            return await _send_half(request, reply)
        case HugeBody():
            return await _send_padded(request, reply, fault.size)
        case SlowDrip():
            return await _send_slowly(request, reply, fault.seconds, stopping)
        case CloseIdle():
            return await _send_and_close_later(request, reply, fault.seconds)


def _close(request: web.Request, is_reset: bool = False) -> web.Response:
    """Close the connection; the response returned is never sent."""
    transport = request.transport
    if transport is not None and is_reset:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    elif transport is not None:
        transport.close()
    return web.Response()


def _is_disconnected(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _pause(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait, unless the emulator stops; return whether it does."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _wait_for_disconnect(request: web.Request, seconds: float, stopping: asyncio.Event) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not _is_disconnected(request) and (left := deadline - asyncio.get_running_loop().time()) > 0:
        if await _pause(min(left, _CLIENT_CHECK_SECONDS), stopping):
            return


async def _start_response(request: web.Request, reply: Reply, length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers={**reply.headers, "Content-Type": reply.content_type})
    response.content_length = length
    await response.prepare(request)
    return response


async def _send_half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = await _start_response(request, reply, len(reply.body))
    await response.write(reply.body[: len(reply.body) // 2])
    _close(request)
    return response


async def _send_padded(request: web.Request, reply: Reply, size: int) -> web.StreamResponse:
    """Send the answer and many blanks after it: still valid JSON, but too large to hold in memory."""
    response = await _start_response(request, reply, len(reply.body) + size)
    await response.write(reply.body)
    for start in range(0, size, len(_PADDING)):
        await response.write(_PADDING[: size - start])
    await response.write_eof()
    return response


async def _send_slowly(
    request: web.Request, reply: Reply, seconds: float, stopping: asyncio.Event
) -> web.StreamResponse:
    response = await _start_response(request, reply, len(reply.body))
    for index in range(len(reply.body)):
        await response.write(reply.body[index : index + 1])
        if _is_disconnected(request) or await _pause(seconds, stopping):
            return response
    await response.write_eof()
    return response


async def _send_and_close_later(request: web.Request, reply: Reply, seconds: float | None) -> web.StreamResponse:
    response = await _start_response(request, reply, len(reply.body))
    await response.write(reply.body)
    await response.write_eof()
    if request.transport is not None:
        request.app[IDLE_CONNECTIONS].close_later(request.transport, seconds)
    return response
