"""The endpoints of CleverTap's API that the emulator has, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from airflow_provider_clevertap.emulator.account import UPLOAD, EmulatedAccount
from airflow_provider_clevertap.emulator.faults.rules import ResponseFault
from airflow_provider_clevertap.emulator.replies import Reply
from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.storage.database import RequestEntry


class Call(NamedTuple):
    """A request to an endpoint, after the checks that all endpoints share.

    :param entry: its line in the request log, filled in by the endpoint.
    :param fault: the fault of this request, if any.
    """

    account: EmulatedAccount
    entry: RequestEntry
    query: Mapping[str, str]
    body: bytes
    fault: ResponseFault | None


class Route(NamedTuple):
    """One endpoint.

    :param answer: returns the answer to a call.
    """

    method: str
    path: str
    answer: Callable[[Call], Awaitable[Reply]]

    @property
    def is_upload(self) -> bool:
        """Return whether this is the endpoint for uploads."""
        return self.path == UPLOAD

    def max_in_flight(self, settings: Settings) -> int:
        """Return how many requests to this endpoint may be in flight."""
        return settings.max_in_flight if self.is_upload else settings.max_in_flight_other


async def _answer_upload(call: Call) -> Reply:
    call.entry.dry_run = call.query.get("dryRun") == "1"
    return await call.account.upload(call.entry, call.body, call.fault)


async def _answer_profile(call: Call) -> Reply:
    reply = await call.account.profile(call.query)
    call.entry.result = "success" if reply.status == 200 else "fail"  # noqa: PLR2004 - an HTTP status
    return reply


ROUTES = {
    route.path: route
    for route in (
        Route("POST", UPLOAD, _answer_upload),
        Route("GET", "/1/profile.json", _answer_profile),
    )
}
"""The endpoints by path. Any other path gets 404, any other method 405."""
