"""Report on messages: ask for slices of days, and replace the partition of each day.

CleverTap selects messages by the day they began, and their numbers go on changing, so days are asked for again.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from airflow_provider_clevertap.api.deadline import limit_requests
from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.exceptions import ExportError
from airflow_provider_clevertap.exported.layout import day_directory
from airflow_provider_clevertap.exported.manifests import OutputManifest
from airflow_provider_clevertap.exported.project_time import start_of_day
from airflow_provider_clevertap.exporting.export import Export
from airflow_provider_clevertap.exporting.files.output import Output, Partition, RunIdentity
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles
from airflow_provider_clevertap.exporting.messages.columns import SCHEMA, message_table, start_day
from airflow_provider_clevertap.exporting.messages.options import MessageOptions
from airflow_provider_clevertap.exporting.plan import slices


class MessageClient(Protocol):
    """What a report needs of :class:`~airflow_provider_clevertap.api.client.CleverTapClient`."""

    account_id: str
    base_url: str

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

    def __init__(
        self, client: MessageClient, options: MessageOptions, identity: RunIdentity, log: logging.Logger
    ) -> None:
        manifest = OutputManifest(
            kind="messages",
            account=client.account_id,
            service=client.base_url,
            timezone=options.zone.key,
            partition="day",
            query={**options.filters, **({"daily": True} if options.daily else {})},
        )
        output = Output(options.output, manifest, identity, zone=options.zone, mode=options.artifacts_mode, log=log)
        super().__init__(output, options, log)
        self._client = client
        self._options: MessageOptions = options
        self._identity = identity
        self._partitions = {
            day: Partition(
                output.directory.below(day_directory(day)),
                (),
                start_of_day(day, options.zone),
                start_of_day(day + timedelta(days=1), options.zone),
            )
            for day in options.days
        }
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
            self._publish()
        except BaseException:
            for files, _ in self._filled.values():
                files.discard_unpublished()
            raise
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Return what has been done so far."""
        zone = self._options.zone
        partitions = self._partitions.values()
        return {
            "kind": "messages",
            **self.counts.to_dict(),
            "output": self._output.directory.name,
            "manifest": self._output.manifest_name,
            "from": min(each.start for each in partitions).astimezone(zone).isoformat(),
            "to": max(each.end for each in partitions).astimezone(zone).isoformat(),
            "timezone": zone.key,
        }

    def _ask(self, first: date, last: date) -> None:
        """Ask for a slice. If the messages do not say on which of its days they began, ask for each day alone."""
        asked_at = datetime.now(UTC)
        messages = self._messages(first, last)
        by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
        for message in messages:
            day = first if first == last else start_day(message)
            if day is None or not first <= day <= last:
                for single in range((last - first).days + 1):
                    self._ask(first + timedelta(days=single), first + timedelta(days=single))
                return
            by_day[day].append(message)
        self.counts.add(received=len(messages))
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            files = self._make_files(day)
            self._filled[day] = (files, asked_at)
            if by_day[day]:
                files.add(message_table(by_day[day], day))
            files.finish()

    def _messages(self, first: date, last: date) -> list[dict[str, Any]]:
        control = self._controls.start()
        policy = ReadPolicy(
            stopping=control.stopping, on_wait=lambda _reason, _seconds: self.counts.add(requests=1, retries=1)
        )
        self.counts.add(requests=1)
        try:
            with limit_requests(control.deadline, math.inf):
                return self._client.messages(
                    first, last, self._options.filters, daily=self._options.daily, policy=policy
                )
        finally:
            control.stop()

    def _make_files(self, day: date) -> PartitionFiles:
        return PartitionFiles(
            self._partitions[day].directory,
            SCHEMA,
            file_format=self._options.file_format,
            max_rows=self._options.max_rows_per_file,
            run=self._identity.run,
            attempt=self._identity.attempt,
        )

    def _publish(self) -> None:
        rows = sum(files.rows for files, _ in self._filled.values()) + self.counts.rows
        if rows == 0 and self._options.on_empty == "fail":
            raise ExportError("CleverTap has no messages for this report, and on_empty='fail'. Nothing was replaced.")
        for day, (files, asked_at) in sorted(self._filled.items()):
            partition = self._partitions[day]
            skips = files.rows == 0 and self._options.on_empty == "skip"
            if not (skips and self._output.existing(partition) is None):
                self._replace(partition, files, asked_at)
