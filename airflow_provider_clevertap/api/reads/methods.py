"""The client's methods that read data: a profile and exports here, counts and lists in their own modules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

from airflow_provider_clevertap.api.counting.methods import CountMethods
from airflow_provider_clevertap.api.exports.cursor_walk import CursorWalk
from airflow_provider_clevertap.api.exports.pages import (
    EventRecord,
    ProfileRecord,
    decode_event_page,
    decode_profile_page,
)
from airflow_provider_clevertap.api.exports.queries import check_query
from airflow_provider_clevertap.api.lists.methods import ListMethods
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.api.response_parser import is_success
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.records.limits import MAX_PAGE_RECORDS

#: The maximum size of a profile.
_MAX_PROFILE_BYTES: Final = 2 * 1024 * 1024
#: A lookup of one profile: its caller waits for it.
_PROFILE_POLICY: Final = ReadPolicy(RetryPolicy(attempts=3, total_seconds=5.0, cap=2.0), max_poll_seconds=30.0)
#: What may be added to exported records, as parameters of the first call.
PARTS: Final = ("profile", "app", "events")


class ReadMethods(CountMethods, ListMethods):
    """Methods of :class:`~.client.CleverTapClient` that read data. Each makes its calls with ``read``."""

    def get_profile(
        self, *, identity: str | None = None, email: str | None = None, object_id: str | None = None
    ) -> dict[str, Any] | None:
        """Return one profile (``GET /1/profile.json``) by exactly one of its identifiers.

        A failure that may be transient is retried in the first 5 seconds, at most twice unless it is a 429.

        :param identity: the identity.
        :param email: the e-mail address.
        :param object_id: the CleverTap ID.
        :returns: the profile as CleverTap returns it, ``None`` when it has no profile with that identifier. It contains
            personal data and push tokens.
        :raises AccessDeniedError: when CleverTap rejects the account, the passcode or the right to read.
        :raises ConfigurationError: when not exactly one identifier is given, or the address is not CleverTap's.
        :raises CleverTapUnavailableError: when CleverTap cannot be reached, has too many requests in flight, or
            returns no readable response.

        https://developer.clevertap.com/docs/get-user-profiles-api
        """
        identifiers = {"identity": identity, "email": email, "objectId": object_id}
        query = {name: value for name, value in identifiers.items() if value}
        if len(query) != 1:
            raise ConfigurationError("Pass exactly one of identity, email and object_id, and not an empty one.")
        try:
            fields = self.read("/1/profile.json", query=query, max_bytes=_MAX_PROFILE_BYTES, policy=_PROFILE_POLICY)
        except RejectedReadError as error:
            unknown = error.http_status == HTTPStatus.NOT_FOUND
            if unknown or (is_success(error.http_status) and error.code in (None, HTTPStatus.NOT_FOUND)):
                return None
            raise
        if not isinstance(fields.get("record"), dict):
            raise ConfigurationError(f"The service at {self.base_url} answered a profile lookup without a profile.")
        return dict(fields["record"])

    def events(
        self,
        query: Mapping[str, Any],
        *,
        parts: Collection[str] = (),
        batch_size: int = MAX_PAGE_RECORDS,
        policy: ReadPolicy | None = None,
    ) -> CursorWalk[EventRecord]:
        """Export events (``POST /1/events.json``, then ``GET`` for each page).

        Nothing is requested until the result is iterated::

            for page in client.events({"event_name": "Ticket Bought", "from": 20261101, "to": 20261101}):
                for record in page:
                    print(record.ts, record.properties)

        :param query: the query: ``event_name``, ``from`` and ``to`` (days of the project as ``YYYYMMDD``, both
            included), and filters.
        :param parts: what to add to the records: ``"profile"`` (the person's properties), ``"app"`` (device and push
            token), ``"events"`` (how often the person raised each event).
        :param batch_size: the number of events in a page, 1 to 5000; CleverTap may return more or fewer.
        :param policy: how often and how long each call is repeated.
        :raises ConfigurationError: when an argument cannot be used.

        https://developer.clevertap.com/docs/get-events-api
        """
        return self._walk(
            "/1/events.json", query, parts=parts, batch_size=batch_size, decoder=decode_event_page, policy=policy
        )

    def profiles(
        self,
        query: Mapping[str, Any],
        *,
        parts: Collection[str] = (),
        batch_size: int = MAX_PAGE_RECORDS,
        policy: ReadPolicy | None = None,
    ) -> CursorWalk[ProfileRecord]:
        """Export the profiles of people who raised an event (``POST /1/profiles.json``).

        :param query: as for :meth:`events`.
        :param parts: as for :meth:`events`.
        :param batch_size: as for :meth:`events`.
        :param policy: as for :meth:`events`.
        :raises ConfigurationError: when an argument cannot be used.

        https://developer.clevertap.com/docs/get-user-profiles-api
        """
        return self._walk(
            "/1/profiles.json", query, parts=parts, batch_size=batch_size, decoder=decode_profile_page, policy=policy
        )

    def _walk(
        self,
        path: str,
        query: Mapping[str, Any],
        *,
        parts: Collection[str],
        batch_size: int,
        decoder: Callable[[bytes], object],
        policy: ReadPolicy | None,
    ) -> CursorWalk[Any]:
        check_query(query)
        if not 1 <= batch_size <= MAX_PAGE_RECORDS:
            raise ConfigurationError(f"batch_size must be a number from 1 to {MAX_PAGE_RECORDS}, not {batch_size!r}.")
        unknown = [part for part in parts if part not in PARTS]
        if unknown:
            raise ConfigurationError(
                f"{unknown[0]!r} is not a part of an exported record; known are {', '.join(PARTS)}."
            )
        parameters = {"batch_size": str(batch_size), **{part: "true" for part in PARTS if part in parts}}
        return CursorWalk(self.read, path, query, parameters=parameters, decoder=decoder, policy=policy)
