"""The options of an export of profiles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.exported.project_time import touched_days
from airflow_provider_clevertap.exporting.options import ExportOptions, check_choice, event_names


@dataclass(frozen=True, kw_only=True)
class ProfileOptions(ExportOptions):
    """Options of an export of profiles; the others are those of ``ExportOptions``.

    :param events: export people who raised one of these events. Without it ``query`` selects them alone.
    :param include: what to write: ``"profile"`` (default), ``"app"``, ``"event_summary"``, ``"push_token"``.
    :param dedupe: write people who raised several of the events once.
    :raises ConfigurationError: when a value is not allowed; the message names the option.
    """

    events: Sequence[str] | str | None = None
    include: Collection[str] = ("profile",)
    dedupe: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("dedupe", self.dedupe, (True, False))
        if self.events is not None:
            self._set("events", event_names(self.events))
        elif not {"common_profile_properties", "advanced_query"} & self.query.keys():
            raise ConfigurationError(
                "An export of profiles needs events, or a query with common_profile_properties or advanced_query: it "
                "never means everybody."
            )
        if self.events is not None or self.start is not None or self.end is not None:
            self._set_interval()

    @staticmethod
    def needs_interval(given: Mapping[str, Any]) -> bool:
        """Return whether ``start`` and ``end`` must be set for such options, or come from a data interval."""
        return given.get("events") is not None

    @property
    def days(self) -> list[date]:
        """The days of the project that the export touches; without events today."""
        if self.start is None:
            return [datetime.now(UTC).astimezone(self.zone).date()]
        return touched_days(self.start, self.end, self.zone)

    @property
    def interval(self) -> tuple[datetime, datetime]:
        """The time of the snapshot: the interval, or without one today."""
        if self.start is not None:
            return self.start, self.end
        midnight = datetime.combine(self.days[0], datetime.min.time(), self.zone)
        return midnight.astimezone(UTC), midnight.astimezone(UTC) + timedelta(days=1)
