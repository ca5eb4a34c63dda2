"""Divide the days of an export into slices, each of consecutive days, that are asked for together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta


def slices(days: Sequence[date], size: int) -> list[tuple[date, date]]:
    """Return the first and the last day of each slice; a slice has consecutive days.

    :param days: the days in order.
    :param size: the maximum number of days in a slice.
    """
    return [part for run in _runs(days) for part in _parts(run, size)]


def days_of(first: date, last: date) -> list[date]:
    """Return the days of a slice, both ends included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Return days as runs of consecutive ones."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _parts(days: Sequence[date], size: int) -> list[tuple[date, date]]:
    """Return the first and the last day of each part of consecutive days, which has at most ``size`` days."""
    return [(days[start], days[min(start + size, len(days)) - 1]) for start in range(0, len(days), size)]
