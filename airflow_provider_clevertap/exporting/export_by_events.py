"""What exports of events and profiles have in common: the names of their events, and walks through queries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Protocol

from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.exceptions import ConfigurationError, NotExportableError
from airflow_provider_clevertap.exporting.export import AccountClient, Export
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from airflow_provider_clevertap.exporting.options import ALL_EVENTS, ExportOptions
from airflow_provider_clevertap.exporting.walks.walk import Count, StartWalk, Walker


class Client(AccountClient, Protocol):
    """What these exports need of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    def event_names(self, *, policy: ReadPolicy) -> list[str]:
        """Return the names of all events."""


class ExportByEvents(Export):
    """One export that names events; base class of the exports of events and profiles.

    :param client: makes the requests.
    :param options: its options.
    :param identity: which run and attempt of a task this is.
    :param log: for the progress and for warnings.
    :param partition: what a partition is: ``day``, ``interval`` or ``snapshot``.
    """

    def __init__(
        self, client: Client, options: ExportOptions, identity: RunIdentity, log: logging.Logger, *, partition: str
    ) -> None:
        super().__init__(client, options, identity, log, partition=partition, query=options.query)
        self._client = client
        self._options: ExportOptions = options
        self._names_lock = threading.Lock()
        self._left_out: list[str] = []
        self._skips_not_exportable = False

    @property
    def not_exportable(self) -> list[str]:
        """The events that CleverTap does not export, and that were left out."""
        with self._names_lock:
            return sorted(self._left_out)

    def _event_names(self, events: Sequence[str] | str) -> list[str]:
        """Return the names of the events to export; all of the account for ``"*"``."""
        self._skips_not_exportable = self._options.skips_not_exportable(events)
        if events != ALL_EVENTS:
            return list(events)
        self.counts.add(requests=1)
        return self._client.event_names(policy=ReadPolicy(stopping=self._stopped))

    def _make_walker(self, start: StartWalk, count: Count, parts: Sequence[str]) -> Walker[Any]:
        """Return what walks through the queries of this export.

        :param start: starts a walk.
        :param count: counts what a query selects.
        :param parts: the parts of records to ask for.
        """
        return Walker(
            start=start,
            count=count,
            parts=parts,
            batch_size=self._options.page_size,
            confirm_empty=self._options.confirm_empty,
            check_count=self._options.check_count,
            controls=self._controls,
            counts=self.counts,
        )

    def _is_left_out(self, event: str) -> bool:
        with self._names_lock:
            return event in self._left_out

    def _leave_out(self, event: str, error: NotExportableError | RejectedReadError) -> None:
        """Leave out an event that CleverTap does not export.

        :raises CleverTapError: when it must not be left out, or was rejected for another reason.
        """
        unknown = isinstance(error, RejectedReadError) and error.is_unknown_event
        if self._skips_not_exportable and (unknown or isinstance(error, NotExportableError)):
            with self._names_lock:
                if event not in self._left_out:
                    self._left_out.append(event)
                    self._log.warning("Event %r is left out: %s", event, error)
            return
        if unknown:
            raise ConfigurationError(f"CleverTap has no event {event!r}: {error}. Names are case-sensitive.") from None
        raise NotExportableError(f"Event {event!r}: {error}") if isinstance(error, NotExportableError) else error
