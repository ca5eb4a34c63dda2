"""Walk through one query: page by page, one page before the writer, and with a check of what CleverTap counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from airflow_provider_clevertap.api.exports.cursor_walk import CursorWalk
from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.exceptions import AccessDeniedError, IncompleteExportError
from airflow_provider_clevertap.exporting.summary import Counts
from airflow_provider_clevertap.exporting.walks.prefetch import prefetch
from airflow_provider_clevertap.exporting.walks.stopping import WalkControl, WalkControls

#: How often a walk begins again because its cursor has died, or its end contradicts CleverTap's count.
MAX_RESTARTS: Final = 2

Record = TypeVar("Record")


class UnconfirmedError(IncompleteExportError):
    """CleverTap's answer means that there is nothing, and its count that there is something."""


class StartWalk(Protocol):
    """Starts a walk, see :meth:`~airflow_provider_clevertap.api.client.CleverTapClient.events`."""

    def __call__(
        self, query: Mapping[str, Any], *, parts: Sequence[str], batch_size: int, policy: ReadPolicy
    ) -> CursorWalk[Any]:
        """Return the pages of an export."""


class Count(Protocol):
    """Counts, see :meth:`~airflow_provider_clevertap.api.client.CleverTapClient.count_events`."""

    def __call__(self, query: Mapping[str, Any], *, policy: ReadPolicy) -> int:
        """Return how many there are."""


@dataclass(frozen=True, slots=True)
class Walker(Generic[Record]):
    """Walks through queries.

    :param start: starts a walk.
    :param count: counts what a query selects.
    :param parts: the parts of records to ask for.
    :param batch_size: records of a page.
    :param confirm_empty: ask for a count where CleverTap answers that there is nothing.
    :param check_count: the share by which the number of records may differ from the count; ``None`` for no check.
    :param controls: ends the requests when the export is stopped.
    :param counts: the counts of the export.
    """

    start: StartWalk
    count: Count
    parts: Sequence[str]
    batch_size: int
    confirm_empty: bool
    check_count: float | None
    controls: WalkControls
    counts: Counts

    def walk(self, query: Mapping[str, Any], add: Callable[[Sequence[Record]], None]) -> None:
        """Walk through one query.

        :param query: the query.
        :param add: called with the records of each page.
        :raises CursorExpiredError: when the walk has to begin again.
        :raises UnconfirmedError: the same.
        :raises IncompleteExportError: when the number of records differs too much from CleverTap's count.
        """
        control = self.controls.start()
        pages = self.start(
            query, parts=self.parts, batch_size=self.batch_size, policy=counting_policy(control, self.counts)
        )
        received = 0
        self.counts.add(requests=1)
        with closing(prefetch(pages, control)) as arriving:
            for records in arriving:
                self.counts.add(requests=1, received=len(records))
                received += len(records)
                if records:
                    add(records)
        if pages.without_cursor and self.confirm_empty:
            self._confirm(query, received)
        elif self.check_count is not None:
            self._check(query, received, self.check_count)

    def _confirm(self, query: Mapping[str, Any], received: int) -> None:
        try:
            count = self._counted(query)
        except AccessDeniedError as error:
            raise AccessDeniedError(
                f"CleverTap answered an export of {_described(query)} as if there were nothing, and this passcode may "
                f"not count to confirm it: {error} Or set confirm_empty=False.",
                http_status=error.http_status,
            ) from None
        if count > received:
            raise UnconfirmedError(
                f"CleverTap answered an export of {_described(query)} as if there were nothing, and counts {count:,}."
            )

    def _check(self, query: Mapping[str, Any], received: int, share: float) -> None:
        count = self._counted(query)
        if abs(received - count) > share * count:
            raise IncompleteExportError(
                f"The export of {_described(query)} has {received:,} rows, and CleverTap counts {count:,}: more than "
                f"check_count={share:g} allows. The partitions are unchanged."
            )

    def _counted(self, query: Mapping[str, Any]) -> int:
        control = self.controls.start()
        self.counts.add(requests=1)
        try:
            return self.count(query, policy=counting_policy(control, self.counts))
        finally:
            control.stop()


def counting_policy(control: WalkControl, counts: Counts) -> ReadPolicy:
    """Return the policy of a read call that can be stopped, and whose repetitions are counted.

    :param control: stops the call.
    :param counts: the counts of the export.
    """
    return ReadPolicy(stopping=control.stopping, on_wait=lambda _reason, _seconds: counts.add(requests=1, retries=1))


def _described(query: Mapping[str, Any]) -> str:
    event = query.get("event_name")
    days = f" from {query['from']} to {query['to']}" if "from" in query else ""
    return f"{event!r}{days}" if event else f"people by their properties{days}"
