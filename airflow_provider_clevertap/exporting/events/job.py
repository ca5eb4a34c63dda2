"""Carry out one job: walk through the events of some days, and route each row to the files of its partition."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import compress

import numpy as np

from airflow_provider_clevertap.api.exports.pages import EventRecord
from airflow_provider_clevertap.exceptions import CursorExpiredError, ExportError
from airflow_provider_clevertap.exported.project_time import (
    DAY_SECONDS,
    NO_TIME,
    Seconds,
    day_number,
    day_of_number,
    query_day,
    to_utc,
)
from airflow_provider_clevertap.exporting.columns.event_columns import EventColumns, local_times
from airflow_provider_clevertap.exporting.events.options import EventOptions
from airflow_provider_clevertap.exporting.events.plan import Job
from airflow_provider_clevertap.exporting.files.partition_files import PartitionFiles, WalkFiles
from airflow_provider_clevertap.exporting.walks.walk import MAX_RESTARTS, UnconfirmedError, Walker
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy


class UndatedEventsError(Exception):
    """A walk over several days has returned an event without a time, so that its day is unknown."""


@dataclass(frozen=True, slots=True)
class FinishedFiles:
    """The finished files of a job.

    :param files: by day of the partition.
    :param asked_at: when CleverTap was asked.
    :param counts: what goes into the counts of the export once the files are published.
    :param unfit: how many values of each declared property do not have its type.
    """

    files: dict[date, PartitionFiles]
    asked_at: datetime
    counts: dict[str, int]
    unfit: Counter[str]


class EventJob:
    """Carries out one job.

    :param job: the days of an event, and the partitions they fill.
    :param walker: walks through queries.
    :param options: the options of the export.
    :param columns: makes the columns.
    :param make_files: makes the files of a partition.
    """

    def __init__(
        self,
        job: Job,
        walker: Walker[EventRecord],
        options: EventOptions,
        *,
        columns: EventColumns,
        make_files: Callable[[date], PartitionFiles],
    ) -> None:
        self._job = job
        self._walker = walker
        self._options = options
        self._columns = columns
        self._make_files = make_files
        #: what the current attempt has counted; it goes into the counts of the export once its files are published
        self._counts: Counter[str] = Counter()
        self._day_numbers = {day_number(day): day for day in job.partitions}

    def run(self) -> FinishedFiles:
        """Walk through all queries of the job, and return its finished files.

        :raises UndatedEventsError: when single days have to be asked for.
        :raises CleverTapError: when the export cannot be completed; the files are removed.
        """
        restarts = 0
        while True:
            try:
                return self._attempt()
            except (CursorExpiredError, UnconfirmedError):
                if restarts == MAX_RESTARTS:
                    raise
                restarts += 1
                self._walker.counts.add(restarts=1)

    def _attempt(self) -> FinishedFiles:
        asked_at = datetime.now(UTC)
        self._columns.unfit.clear()
        self._counts.clear()
        files = {day: self._make_files(day) for day in self._job.partitions}
        walk_files = WalkFiles(files)
        try:
            for first, last in self._job.queries:
                self._walk(first, last, walk_files)
            walk_files.finish()
        except BaseException:
            walk_files.discard()
            raise
        return FinishedFiles(files, asked_at, dict(self._counts), Counter(self._columns.unfit))

    def _walk(self, first: date, last: date, files: WalkFiles) -> None:
        query = {"event_name": self._job.event, "from": query_day(first), "to": query_day(last), **self._options.query}
        self._walker.walk(query, lambda records: self._add(records, first, last, files))

    def _add(self, records: Sequence[EventRecord], first: date, last: date, files: WalkFiles) -> None:
        times = local = local_times(records)
        undated = times == NO_TIME
        if undated.any():
            if first != last:
                raise UndatedEventsError
            self._counts["without_time"] += int(undated.sum())
            # Such a row counts as at the start of the day it was returned for.
            local = np.where(undated, day_number(first) * DAY_SECONDS, local)
        days = local // DAY_SECONDS
        outside = (days < day_number(first)) | (days > day_number(last))
        if outside.any():
            found = day_of_number(int(days[outside][0]))
            raise ExportError(
                f"CleverTap returned an event of {found} for a query of {first} to {last} ({self._job.event!r}). The "
                "days of its queries are not those of its records, so no day can be exported completely."
            )
        if self._options.partition == "interval":
            self._add_interval(records, times, local, files)
            return
        rows = self._columns.table(records, times)
        numbers = np.unique(days).tolist()
        for number in numbers:
            part = rows if len(numbers) == 1 else rows.filter(array_from_numpy(days == number))
            files.add(self._day_numbers[number], part)

    def _add_interval(self, records: Sequence[EventRecord], times: Seconds, local: Seconds, files: WalkFiles) -> None:
        instants = to_utc(local, self._options.zone)
        start, end = (math.ceil(each.timestamp()) for each in (self._options.start, self._options.end))
        inside = (instants >= start) & (instants < end)
        trimmed = int((~inside).sum())
        self._counts["trimmed"] += trimmed
        kept = list(compress(records, inside.tolist()))
        if kept:
            (day,) = self._job.partitions
            files.add(day, self._columns.table(kept, times[inside]))
