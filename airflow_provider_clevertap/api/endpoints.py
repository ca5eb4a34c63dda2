"""Endpoints of CleverTap's API that take batches of records, each with what a request to it must observe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from airflow_provider_clevertap.api.answers import Answer
from airflow_provider_clevertap.api.response_parser import read_answer
from airflow_provider_clevertap.records.limits import MAX_IN_FLIGHT, OTHER_APIS_IN_FLIGHT

#: What stands before and after the records, which commas separate, in a request's body.
ENVELOPE: Final = (b'{"d":[', b"]}")


class AnswerReader(Protocol):
    """Returns what the response of an endpoint means for the records of a batch. It never raises for its content."""

    def __call__(
        self, status: int, headers: Mapping[str, str], body: bytes, records: int, *, sent: bytes, account: str
    ) -> Answer:
        """Return what a response means, see :func:`~.response_parser.read_answer`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint that takes batches of records.

    :param path: its path, such as ``/1/upload``.
    :param max_in_flight: the maximum number of requests in flight for each account.
    :param supports_dry_run: ``?dryRun=1`` makes CleverTap validate a batch without storing it.
    :param compressible: the connection's ``gzip`` applies to it.
    :param read_answer: reads its responses.
    """

    path: str
    max_in_flight: int
    supports_dry_run: bool
    compressible: bool = False
    read_answer: AnswerReader = read_answer


#: Profiles, events and device tokens (https://developer.clevertap.com/docs/upload-user-profiles-api).
UPLOAD: Final = Endpoint("/1/upload", MAX_IN_FLIGHT, supports_dry_run=True, compressible=True)
#: Subscription statuses (https://developer.clevertap.com/docs/subscribe-api). No dry run is documented. Whether it
#: accepts compressed requests is unknown, and the connection's test sends none to it, so none of its requests is.
SUBSCRIBE: Final = Endpoint("/1/subscribe", OTHER_APIS_IN_FLIGHT, supports_dry_run=False)
