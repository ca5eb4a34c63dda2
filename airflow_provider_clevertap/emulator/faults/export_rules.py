"""The faults of exports and other answers with data."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_clevertap.emulator.faults.conditions import FaultRule


class EmptyPage(FaultRule, frozen=True, tag="empty_page"):
    """Answer a cursor with no records and another cursor; the records come with that."""

    stored: bool = True

    is_for_pages: ClassVar[bool] = True


class RepeatCursor(FaultRule, frozen=True, tag="repeat_cursor"):
    """Answer a cursor with its page, and name the same cursor as the next one."""

    stored: bool = True

    is_for_pages: ClassVar[bool] = True


class InvalidateCursor(FaultRule, frozen=True, tag="invalidate_cursor"):
    """Answer that the cursor is no longer valid. The export has to begin again: all its cursors are invalid."""

    stored: bool = True

    is_for_pages: ClassVar[bool] = True


class NullTime(FaultRule, frozen=True, tag="null_time"):
    """Send a page whose first record has ``null`` as its time."""

    stored: bool = True

    is_for_pages: ClassVar[bool] = True


class WithoutFields(FaultRule, frozen=True, tag="without_fields"):
    """Leave fields out of the correct answer, such as ``cursor``, ``next_cursor`` or ``records``.

    :param fields: their names.
    """

    fields: tuple[str, ...]
    stored: bool = True
