"""The options of all exports, which are checked when they are made, before anything is requested or written."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.api.exports.queries import check_filters
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.exported.project_time import read_time, start_of_day
from airflow_provider_clevertap.records.limits import MAX_PAGE_RECORDS, OTHER_APIS_IN_FLIGHT
from airflow_provider_clevertap.storage.private_files import PRIVATE

FileFormat: TypeAlias = Literal["parquet", "jsonl", "csv"]
OnEmpty: TypeAlias = Literal["write", "skip", "fail"]
OnNotExportable: TypeAlias = Literal["fail", "skip"]

#: All events of the account.
ALL_EVENTS: Final = "*"
#: What ``include`` may add to records.
PARTS: Final = ("profile", "app", "event_summary", "push_token")
#: Rows of a page when records are large: the summary of one person's events may have many kilobytes.
_SMALL_PAGE: Final = 1000
_LARGE_PARTS: Final = frozenset({"profile", "event_summary"})
#: It has a previous day in every time zone.
_EARLIEST: Final = datetime(1, 1, 3, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Options of everything that writes days or intervals into an output.

    :param start: where the time begins: an instant, or a day of the project.
    :param end: where it ends; not included.
    :param output: the directory, as a path, a URI, or a path object that carries its storage.
    :param zone: the project's time zone.
    :param file_format: ``"parquet"``, ``"jsonl"`` or ``"csv"``.
    :param on_empty: an empty partition is written (``"write"``), or not created (``"skip"``); an export without a
        single row fails (``"fail"``).
    :param max_rows_per_file: the maximum number of rows in a file.
    :param max_in_flight: the maximum of requests in flight, 1 to 3.
    :param artifacts_mode: file mode of the files on local paths.
    :raises ConfigurationError: when a value is not allowed; the message names the option.
    """

    start: Any = None
    end: Any = None
    output: Any
    zone: ZoneInfo
    file_format: FileFormat = "parquet"
    on_empty: OnEmpty = "write"
    max_rows_per_file: int = 250_000
    max_in_flight: int = OTHER_APIS_IN_FLIGHT
    artifacts_mode: int = PRIVATE

    def __post_init__(self) -> None:
        check_choice("file_format", self.file_format, ("parquet", "jsonl", "csv"))
        check_choice("on_empty", self.on_empty, ("write", "skip", "fail"))
        check_whole_number("max_rows_per_file", self.max_rows_per_file, 1_000_000_000)
        check_whole_number("max_in_flight", self.max_in_flight, OTHER_APIS_IN_FLIGHT)

    @staticmethod
    def needs_interval(given: Mapping[str, Any]) -> bool:
        """Return whether ``start`` and ``end`` must be set for such options, or come from a data interval."""
        del given
        return True

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _set_interval(self) -> None:
        """Read ``start`` and ``end``.

        :raises ConfigurationError: when they are not an interval.
        """
        for name in ("start", "end"):
            self._set(name, read_instant(name, getattr(self, name), self.zone))
        if self.start >= self.end:
            problem = "is empty" if self.start == self.end else "ends before it starts"
            raise ConfigurationError(f"The interval from {self.start.isoformat()} to {self.end.isoformat()} {problem}.")

    @property
    def days(self) -> list[date]:
        """The days of the project that the export touches."""
        raise NotImplementedError

    def check_not_future(self, now: datetime) -> None:
        """Check that no day of the export is in the future: CleverTap refuses these.

        :raises ConfigurationError: when one is.
        """
        last, today = self.days[-1], now.astimezone(self.zone).date()
        if last > today:
            raise ConfigurationError(
                f"The export ends on {last}, which is in the future: today is {today} in {self.zone.key}. Set another "
                "end, or run the task later."
            )


@dataclass(frozen=True, kw_only=True)
class ExportOptions(OutputOptions):
    """Options that exports of events and profiles have; the others are those of :class:`OutputOptions`.

    :param schema: the types of properties that become columns; see ``DeclaredColumns``.
    :param include: what to add: ``"profile"``, ``"app"``, ``"event_summary"``, ``"push_token"``.
    :param query: filters in CleverTap's query language.
    :param on_not_exportable: ``"fail"`` or ``"skip"`` for events that CleverTap does not export. Default: ``"fail"``
        for events that are named, ``"skip"`` for ``"*"``.
    :param check_count: the share by which the number of rows may differ from CleverTap's count; ``None`` for no check.
    :param confirm_empty: ask for a count where CleverTap's answer means that there is nothing.
    :param batch_size: rows of a page. Default: 5000, or 1000 with ``"profile"`` or ``"event_summary"``.
    :raises ConfigurationError: when a value is not allowed; the message names the option.
    """

    schema: Mapping[str, Any] = field(default_factory=dict)
    include: Collection[str] = ()
    query: Mapping[str, Any] = field(default_factory=dict)
    on_not_exportable: OnNotExportable | None = None
    check_count: float | None = None
    confirm_empty: bool = True
    batch_size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("include", (self.include,) if isinstance(self.include, str) else tuple(self.include))
        self._set("query", _json_value("query", self.query))
        check_choice("on_not_exportable", self.on_not_exportable, (None, "fail", "skip"))
        check_choice("confirm_empty", self.confirm_empty, (True, False))
        for part in self.include:
            check_choice("include", part, PARTS)
        if self.batch_size is not None:
            check_whole_number("batch_size", self.batch_size, MAX_PAGE_RECORDS)
        share = self.check_count
        if share is not None and (isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1):
            raise ConfigurationError(f"check_count must be a share from 0 to 1, such as 0.01, not {share!r}.")
        check_filters(self.query)

    @property
    def page_size(self) -> int:
        """The number of rows to ask for in a page."""
        return self.batch_size or (_SMALL_PAGE if _LARGE_PARTS & set(self.include) else MAX_PAGE_RECORDS)

    def skips_not_exportable(self, events: object) -> bool:
        """Return whether events that CleverTap does not export are skipped."""
        return (self.on_not_exportable or ("skip" if events == ALL_EVENTS else "fail")) == "skip"


def read_instant(name: str, value: Any, zone: ZoneInfo) -> datetime:
    """Read an instant: a datetime with a time zone, its text, or a day of the project, which begins at its midnight.

    :param name: the name of the option, for messages.
    :param value: what the user has set.
    :param zone: the project's time zone.
    :raises ConfigurationError: when it is anything else.
    """
    time = read_time(name, value)
    return time.astimezone(UTC) if isinstance(time, datetime) else start_of_day(time, zone)


def event_names(events: Any) -> tuple[str, ...] | str:
    """Read the names of events.

    :raises ConfigurationError: when they are not ``"*"``, a name or a list of names.
    """
    if events == ALL_EVENTS:
        return ALL_EVENTS
    names = [events] if isinstance(events, str) else events
    if (
        not isinstance(names, Sequence)
        or not names
        or not all(isinstance(name, str) and name.strip() for name in names)
    ):
        raise ConfigurationError(f'events must be the name of an event, a list of names, or "*", not {events!r}.')
    if ALL_EVENTS in names:
        raise ConfigurationError('events: "*" means all events, so it stands alone.')
    return tuple(dict.fromkeys(names))


def check_lookback(lookback: object, start: datetime) -> None:
    """Check how long before its start an export begins.

    :raises ConfigurationError: when it is not a timedelta, is negative, or begins before there are dates.
    """
    if not isinstance(lookback, timedelta) or lookback < timedelta(0):
        raise ConfigurationError(f"lookback must be a timedelta of 0 or more, not {lookback!r}.")
    if lookback > start - _EARLIEST:
        raise ConfigurationError(f"lookback={lookback!r} is too long: the export would begin before there are dates.")


def _json_value(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must be a mapping, not {type(value).__name__}.")
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{name} cannot be written as JSON: {error}.") from None


def check_choice(name: str, value: object, allowed: tuple[object, ...]) -> None:
    """Check that a value is one of those that are allowed.

    :raises ConfigurationError: when it is not.
    """
    if value not in allowed:
        raise ConfigurationError(f"{name}={value!r} is not known; use {', '.join(map(repr, allowed))}.")


def check_whole_number(name: str, value: object, maximum: int) -> None:
    """Check that a value is a whole number from 1 to a maximum.

    :raises ConfigurationError: when it is not.
    """
    if type(value) is not int or not 1 <= value <= maximum:
        raise ConfigurationError(f"{name} must be a whole number from 1 to {maximum}, not {value!r}.")
