"""Report on messages: ask for slices of days, and replace the partition of each day.

CleverTap selects messages by the day they began, and their numbers keep changing, so days are asked for again.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Protocol

from airflow_provider_clevertap.api.deadline import limit_requests
from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.exporting.day_slices import days_of, slices
from airflow_provider_clevertap.exporting.export import AccountClient, Export
from airflow_provider_clevertap.exporting.files.output import Partition, RunIdentity
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.messages.columns import SCHEMA, message_table, start_day
from airflow_provider_clevertap.exporting.messages.options import MessageOptions
from airflow_provider_clevertap.exporting.walks.walk import counting_policy


class MessageClient(AccountClient, Protocol):
    """What a report needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    def messages(
        self, first: date, last: date, filters: Mapping[str, Sequence[str]], *, daily: bool, policy: ReadPolicy
    ) -> list[dict[str, Any]]:
        """Return the messages that began on some days."""


class MessageReport(Export):
    """One report on messages.

    :param client: makes the requests.
    :param options: the options.
    :param identity: which run and attempt of a task this is.
    :param log: for the progress and for warnings.
    """

    kind = "messages"

    def __init__(
        self, client: MessageClient, options: MessageOptions, identity: RunIdentity, log: logging.Logger
    ) -> None:
        query = {**options.filters, **({"daily": True} if options.daily else {})}
        super().__init__(client, options, identity, log, partition="day", query=query)
        self._client = client
        self._options: MessageOptions = options
        directory = self._output.directory
        self._partitions = {day: Partition.of_day(directory, day, options.zone) for day in options.days}
        #: the finished files by day, and when CleverTap was asked for them
        self._filled: dict[date, tuple[PartitionFiles, datetime]] = {}

    def run(self) -> dict[str, Any]:
        """Ask for the report, and return the summary.

        :raises CleverTapError: when it cannot be completed. Days that are replaced stay; the others are as before.
        """
        self._options.check_not_future(datetime.now(UTC))
        self._output.prepare()
        unfinished = set(map(id, self._unfinished(list(self._partitions.values()))))
        days = [day for day, partition in self._partitions.items() if id(partition) in unfinished]
        try:
            self._run_jobs([partial(self._ask, *each) for each in slices(days, self._options.days_per_request)])
            self._check_not_empty(self.counts.rows + sum(files.rows for files, _ in self._filled.values()))
            for day, (files, asked_at) in sorted(self._filled.items()):
                self._publish(self._partitions[day], files, asked_at)
        except BaseException:
            for files, _ in self._filled.values():
                files.discard_unpublished()
            raise
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Return what has been done so far."""
        return self._summarize(self._partitions.values())

    def _ask(self, first: date, last: date) -> None:
        """Ask for a slice. If the messages do not say on which of its days they began, ask for each day alone."""
        asked_at = datetime.now(UTC)
        messages = self._messages(first, last)
        by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
        for message in messages:
            day = first if first == last else start_day(message)
            if day is None or not first <= day <= last:
                for single in days_of(first, last):
                    self._ask(single, single)
                return
            by_day[day].append(message)
        self.counts.add(received=len(messages))
        for day in days_of(first, last):
            files = self._make_files(self._partitions[day], SCHEMA)
            self._filled[day] = (files, asked_at)
            if by_day[day]:
                files.add(message_table(by_day[day], day))
            files.finish()

    def _messages(self, first: date, last: date) -> list[dict[str, Any]]:
        control = self._controls.start()
        policy = counting_policy(control, self.counts)
        self.counts.add(requests=1)
        try:
            with limit_requests(control.deadline, math.inf):
                return self._client.messages(
                    first, last, self._options.filters, daily=self._options.daily, policy=policy
                )
        finally:
            control.stop()
