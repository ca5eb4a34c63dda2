"""The options of a report on messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from airflow_provider_clevertap.api.lists.messages import check_report_filters
from airflow_provider_clevertap.exported.project_time import touched_days
from airflow_provider_clevertap.exporting.options import OutputOptions, check_choice, check_lookback, check_whole_number
from airflow_provider_clevertap.records.limits import REPORT_DAYS

#: The options that are filters, with CleverTap's names for them.
_FILTERS: Mapping[str, str] = {
    "channels": "channel",
    "deliveries": "delivery",
    "statuses": "status",
    "message_types": "message_type",
    "labels": "label",
}


@dataclass(frozen=True, kw_only=True)
class MessageOptions(OutputOptions):
    """Options of a report on messages; the others are those of ``OutputOptions``.

    :param channels: only these channels.
    :param deliveries: only these kinds of delivery.
    :param statuses: only messages of these statuses.
    :param message_types: only these types of message.
    :param labels: only messages with one of these labels.
    :param daily: ask for the numbers of each day.
    :param lookback: how long before ``start`` the report begins, as the numbers of a message keep changing.
    :param days_per_request: the days of one request.
    :raises ConfigurationError: when a value is not allowed; the message names the option.
    """

    channels: Sequence[str] | str | None = None
    deliveries: Sequence[str] | str | None = None
    statuses: Sequence[str] | str | None = None
    message_types: Sequence[str] | str | None = None
    labels: Sequence[str] | str | None = None
    daily: bool = False
    lookback: timedelta = timedelta(days=7)
    days_per_request: int = REPORT_DAYS

    def __post_init__(self) -> None:
        super().__post_init__()
        check_report_filters(self.filters)
        check_choice("daily", self.daily, (True, False))
        check_whole_number("days_per_request", self.days_per_request, REPORT_DAYS)
        self._set_interval()
        check_lookback(self.lookback, self.start)

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters as CleverTap names them."""
        given = {theirs: getattr(self, ours) for ours, theirs in _FILTERS.items()}
        return {name: [words] if isinstance(words, str) else list(words) for name, words in given.items() if words}

    @property
    def days(self) -> list[date]:
        """The days of the project that the report touches."""
        return touched_days(self.start - self.lookback, self.end, self.zone)
