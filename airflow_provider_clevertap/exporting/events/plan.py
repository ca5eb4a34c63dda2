"""Divide an export into jobs: one walk over consecutive days of one event, and the partitions that it fills."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from airflow_provider_clevertap.exported.layout import event_directory, window_directory
from airflow_provider_clevertap.exporting.day_slices import days_of, slices
from airflow_provider_clevertap.exporting.events.options import EventOptions
from airflow_provider_clevertap.exporting.files.output import Partition
from airflow_provider_clevertap.records.limits import MAX_QUERY_DAYS
from airflow_provider_clevertap.storage.directory import Directory


@dataclass(frozen=True, slots=True)
class Job:
    """The partitions of one event that are filled together.

    :param event: the event.
    :param queries: the first and the last day of each query, one after the other.
    :param partitions: the partitions by day; an export by interval has one partition, of the first day.
    """

    event: str
    queries: tuple[tuple[date, date], ...]
    partitions: Mapping[date, Partition]


def all_partitions(event: str, options: EventOptions, output: Directory) -> dict[date, Partition]:
    """Return the partitions of one event, see ``Job.partitions``."""
    directory = output.below(event_directory(event))
    if options.partition == "interval":
        name = window_directory(options.start, options.end)
        return {options.days[0]: Partition(directory.below(name), (event,), options.start, options.end)}
    return {day: Partition.of_day(directory, day, options.zone, (event,)) for day in options.days}


def plan_jobs(pending: Mapping[str, Mapping[date, Partition]], options: EventOptions) -> list[Job]:
    """Return the jobs that fill partitions.

    A few events are divided further than necessary, so that all requests in flight have something to do.

    :param pending: the partitions to fill, by event.
    :param options: the options of the export.
    """
    if options.partition == "interval":
        queries = tuple(slices(options.days, MAX_QUERY_DAYS))
        return [Job(event, queries, partitions) for event, partitions in pending.items() if partitions]
    days = sum(map(len, pending.values()))
    share = math.ceil(days / options.max_in_flight) if len(pending) < options.max_in_flight else MAX_QUERY_DAYS
    size = max(1, min(share, MAX_QUERY_DAYS))
    return [
        Job(event, ((first, last),), {day: partitions[day] for day in days_of(first, last)})
        for event, partitions in pending.items()
        for first, last in slices(sorted(partitions), size)
    ]


def single_days(job: Job) -> list[Job]:
    """Return jobs that ask for each day alone: one for each partition. An interval stays one job with a query a day."""
    if len(job.partitions) == 1:
        days = [day for first, last in job.queries for day in days_of(first, last)]
        return [Job(job.event, tuple((day, day) for day in days), job.partitions)]
    return [Job(job.event, ((day, day),), {day: partition}) for day, partition in job.partitions.items()]
