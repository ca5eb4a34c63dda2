"""Walk through the pages of one export: a POST starts it, then each page names the next one.

Facts about cursors: they arrive percent-encoded and are sent as they came. Asking for the same cursor again returns the
same page, so a lost answer loses nothing. The end is a page whose ``next_cursor`` is missing or empty; a page without
records that names a next one is not the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from airflow_provider_clevertap.api.excerpts import one_line
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.exceptions import CursorExpiredError, ExportError, NotExportableError

#: What CleverTap answers for a cursor that is too old: as the code or in the text.
_EXPIRED: Final = "cursor_invalidated"
#: A part of what it answers for events that only its exports to cloud storage contain, such as Notification Sent.
_NOT_EXPORTABLE: Final = "not allowed for this event"

Record = TypeVar("Record")


class Read(Protocol):
    """Makes a call that reads data, see :meth:`~.client.CleverTapClient.read`."""

    def __call__(
        self,
        path: str,
        *,
        query: Mapping[str, str] | str = "",
        body: Any = None,
        policy: ReadPolicy | None = None,
        decoder: Callable[[bytes], object] = ...,
        without_status: str = "",
    ) -> dict[str, Any]:
        """Return the fields of the answer."""


class CursorWalk(Generic[Record]):
    """The pages of one export, in order. The first request is made when the first page is asked for.

    :param read: makes the calls.
    :param path: the path, such as ``/1/events.json``.
    :param body: the query.
    :param parameters: the parameters of the first call, such as ``batch_size``.
    :param decoder: decodes a page.
    :param policy: how often and how long each call is repeated.
    """

    def __init__(
        self,
        read: Read,
        path: str,
        body: Mapping[str, Any],
        *,
        parameters: Mapping[str, str],
        decoder: Callable[[bytes], object],
        policy: ReadPolicy | None = None,
    ) -> None:
        self._read = read
        self._path = path
        self._body = body
        self._parameters = parameters
        self._decoder = decoder
        self._policy = policy
        #: CleverTap answered with success and neither a cursor nor records. It does so when nothing is in the range.
        #: Other answers may look the same, so a caller may want to confirm it with a count.
        self.without_cursor = False

    def __iter__(self) -> Iterator[Sequence[Record]]:
        """Read the pages; some may be empty.

        :raises CursorExpiredError: when CleverTap no longer knows the cursor. The export has to start again.
        :raises ExportError: when a cursor occurs twice, or is not one.
        :raises NotExportableError: when CleverTap does not export this event.
        :raises RejectedReadError: when CleverTap rejects the query, for example because it has no such event.
        :raises CleverTapError: as :meth:`~.client.CleverTapClient.read` does.
        """
        page = self._call(query=self._parameters, body=self._body)
        cursor = self._cursor(page, "cursor")
        records = page["records"]
        self.without_cursor = not cursor and not records
        if records:
            yield records
        del page, records  # the next page may need the memory
        known = set()
        while cursor:
            if hash(cursor) in known:
                raise ExportError(
                    f"CleverTap named the same cursor twice in one export ({self._path}). The export is not complete, "
                    "and would never end."
                )
            known.add(hash(cursor))
            page = self._call(query=f"cursor={cursor}")
            cursor = self._cursor(page, "next_cursor")
            records = page["records"]
            del page
            yield records
            del records

    def _call(self, *, query: Mapping[str, str] | str, body: Any = None) -> dict[str, Any]:
        try:
            return self._read(self._path, query=query, body=body, policy=self._policy, decoder=self._decoder)
        except RejectedReadError as error:
            if _EXPIRED in f"{error.code} {error.error}".lower():
                raise CursorExpiredError(f"CleverTap no longer knows the cursor of an export: {error}") from None
            if _NOT_EXPORTABLE in error.error.lower():
                raise NotExportableError(
                    f"CleverTap does not export this event: {error}. Events of notifications are only in its exports "
                    "to cloud storage (CloudExportSource)."
                ) from None
            raise

    def _cursor(self, page: Mapping[str, Any], name: str) -> str:
        cursor = page[name]
        if cursor is None or cursor == "":
            return ""
        if not isinstance(cursor, str) or not cursor.isascii() or not cursor.isprintable() or " " in cursor:
            raise ExportError(f"CleverTap's answer has a {name} that is not a cursor: {one_line(repr(cursor), 60)}")
        return cursor
