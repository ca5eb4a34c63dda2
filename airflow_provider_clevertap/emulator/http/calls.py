"""A request to an endpoint, and the endpoint that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import NamedTuple

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.faults.rules import ResponseFault
from airflow_provider_clevertap.emulator.kinds import kinds_at
from airflow_provider_clevertap.emulator.replies import Reply
from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.storage.database import RequestEntry


class Call(NamedTuple):
    """A request to an endpoint, after the checks that all endpoints share.

    :param entry: its line in the request log, filled in by the endpoint.
    :param method: its method.
    :param path: the endpoint's path, as in its route.
    :param parameters: the variable parts of the path, by name.
    :param fault: the fault of this request, if any.
    """

    account: EmulatedAccount
    entry: RequestEntry
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    fault: ResponseFault | None


class Route(NamedTuple):
    """One endpoint.

    :param path: its path, below ``/1`` or elsewhere. It may have variable parts, as in ``/v2/content/{name}``.
    :param answer: returns the answer to a call.
    :param max_in_flight: returns how many requests to this path may be in flight. The routes of one path share their
        count; every path has its own.
    """

    method: str
    path: str
    answer: Callable[[Call], Awaitable[Reply]]
    max_in_flight: Callable[[Settings], int] = attrgetter("max_in_flight_other")

    @property
    def has_records(self) -> bool:
        """Return whether its requests contain records. Some faults are for these only."""
        return bool(kinds_at(self.path))
