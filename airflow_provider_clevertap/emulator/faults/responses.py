"""Puts an answer on the wire, or does not, as a fault wants it."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus

import msgspec
from aiohttp import ClientError, web

from airflow_provider_clevertap.emulator.account import Reply, failure, json_reply
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
from airflow_provider_clevertap.emulator.validation.batch import MALFORMED

INVALID_CREDENTIALS = "Invalid Credentials"
TOO_MANY_REQUESTS = "Too many concurrent requests"

_TEXTS = {400: MALFORMED, 401: INVALID_CREDENTIALS, 429: TOO_MANY_REQUESTS}
_HTML = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"
_HTML_TYPE = "text/html;charset=utf-8"

_LOOK_FOR_CLIENT = 0.05
"""Seconds between two looks whether a stalled client is still there."""

_CHUNK = b" " * 65_536


def shaped(ending: ResponseFault | None, reply: Reply, records: int) -> Reply | None:
    """Return the answer as a fault words it, or ``None`` when none is sent.

    :param reply: the right answer.
    :param records: how many records were sent.
    """
    match ending:
        case Stall() | Reset() | HangUp():
            return None
        case Status():
            return _status(ending)
        case Html():
            return Reply(200, _HTML.format("Please wait").encode(), _HTML_TYPE)
        case WrongContentType():
            return Reply(reply.status, reply.body, _HTML_TYPE)
        case BadJson():
            return Reply(reply.status, reply.body[: len(reply.body) // 2])
        case WrongCounts():
            processed = records + 1 if ending.processed is None else ending.processed
            return json_reply(200, {"status": "success", "processed": processed, "unprocessed": []})
        case NoRecordNumbers():
            return _without_record_numbers(reply)
        case _:
            return reply


def _status(ending: Status) -> Reply:
    phrase = HTTPStatus(ending.status).phrase if ending.status in list(HTTPStatus) else "Error"
    if ending.body == "json":
        reply = failure(ending.status, ending.error or _TEXTS.get(ending.status, phrase))
    elif ending.body == "html":
        reply = Reply(ending.status, _HTML.format(f"{ending.status} {phrase}").encode(), _HTML_TYPE)
    else:
        reply = Reply(ending.status, b"")
    if ending.retry_after is not None:
        reply.headers["Retry-After"] = str(ending.retry_after)
    return reply


def _without_record_numbers(reply: Reply) -> Reply:
    answer = msgspec.json.decode(reply.body)
    for entry in answer.get("unprocessed", ()):
        entry["error"] = entry["error"].partition("Skipped record number")[0]
    return json_reply(reply.status, answer)


async def deliver(
    request: web.Request, ending: ResponseFault | None, reply: Reply | None, stopping: asyncio.Event
) -> web.StreamResponse:
    """Send an answer, or end the connection.

    :param reply: the answer, ``None`` for none.
    :param stopping: set when the emulator stops.
    """
    if reply is None:
        if isinstance(ending, Stall):
            await _wait_for_client(request, ending.seconds, stopping)
        return _end(request, is_reset=isinstance(ending, Reset))
    if isinstance(ending, HalfBody | HugeBody | SlowDrip | CloseIdle):
        try:
            return await _send_oddly(request, ending, reply, stopping)
        except (OSError, ClientError):
            return _end(request)
    headers = {**reply.headers, "Content-Type": reply.content_type}
    return web.Response(status=reply.status, body=reply.body, headers=headers)


async def _send_oddly(
    request: web.Request, ending: HalfBody | HugeBody | SlowDrip | CloseIdle, reply: Reply, stopping: asyncio.Event
) -> web.StreamResponse:
    """Send an answer piece by piece. A client that has had enough leaves, which raises here."""
    match ending:
        case HalfBody():
            return await _send_half(request, reply)
        case HugeBody():
            return await _send_padded(request, reply, ending.size)
        case SlowDrip():
            return await _send_slowly(request, reply, ending.seconds, stopping)
        case CloseIdle():
            return await _send_and_close_later(request, reply, ending.seconds)


def _end(request: web.Request, is_reset: bool = False) -> web.Response:
    """Close the connection; the response returned is never sent."""
    transport = request.transport
    if transport is not None and is_reset:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    elif transport is not None:
        transport.close()
    return web.Response()


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _pause(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait; return whether the emulator is stopping."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _wait_for_client(request: web.Request, seconds: float, stopping: asyncio.Event) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not _is_gone(request) and (left := end - asyncio.get_running_loop().time()) > 0:
        if await _pause(min(left, _LOOK_FOR_CLIENT), stopping):
            return


async def _begin(request: web.Request, reply: Reply, length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers={**reply.headers, "Content-Type": reply.content_type})
    response.content_length = length
    await response.prepare(request)
    return response


async def _send_half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = await _begin(request, reply, len(reply.body))
    await response.write(reply.body[: len(reply.body) // 2])
    _end(request)
    return response


async def _send_padded(request: web.Request, reply: Reply, size: int) -> web.StreamResponse:
    """Send the answer and blanks behind it: still JSON, but a lot to hold in memory."""
    response = await _begin(request, reply, len(reply.body) + size)
    await response.write(reply.body)
    for start in range(0, size, len(_CHUNK)):
        await response.write(_CHUNK[: size - start])
    await response.write_eof()
    return response


async def _send_slowly(
    request: web.Request, reply: Reply, seconds: float, stopping: asyncio.Event
) -> web.StreamResponse:
    response = await _begin(request, reply, len(reply.body))
    for index in range(len(reply.body)):
        await response.write(reply.body[index : index + 1])
        if _is_gone(request) or await _pause(seconds, stopping):
            return response
    await response.write_eof()
    return response


async def _send_and_close_later(request: web.Request, reply: Reply, seconds: float | None) -> web.StreamResponse:
    response = await _begin(request, reply, len(reply.body))
    await response.write(reply.body)
    await response.write_eof()
    if request.transport is not None:
        request.app[IDLE_CONNECTIONS].close_later(request.transport, seconds)
    return response
