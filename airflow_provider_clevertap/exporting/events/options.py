"""The options of an export of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.exported.project_time import touched_days
from airflow_provider_clevertap.exporting.options import ExportOptions, check_choice, check_lookback, event_names

EventPartition: TypeAlias = Literal["day", "interval"]


@dataclass(frozen=True, kw_only=True)
class EventOptions(ExportOptions):
    """Options of an export of events; the others are those of ``ExportOptions``.

    :param events: the names of events, or ``"*"`` for all events of the account.
    :param partition: ``"day"`` replaces whole days of the project, ``"interval"`` keeps the rows of the interval only.
    :param lookback: how long before ``start`` the export begins, for events that arrive late.
    :raises ConfigurationError: when a value is not allowed; the message names the option.
    """

    events: Sequence[str] | str
    partition: EventPartition = "day"
    lookback: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self._set("events", event_names(self.events))
        super().__post_init__()
        self._set_interval()
        check_choice("partition", self.partition, ("day", "interval"))
        check_lookback(self.lookback, self.start)
        if self.lookback and self.partition != "day":
            raise ConfigurationError('lookback needs partition="day": other partitions hold the interval only.')

    @property
    def days(self) -> list[date]:
        """The days of the project that the export touches."""
        return touched_days(self.start - self.lookback, self.end, self.zone)
