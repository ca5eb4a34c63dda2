"""Operator that exports events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_clevertap.export_kinds import EVENTS
from airflow_provider_clevertap.operators.base.arguments import days, names, optional_text
from airflow_provider_clevertap.operators.base.export import CleverTapExportOperator

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["CleverTapExportEventsOperator"]


class CleverTapExportEventsOperator(CleverTapExportOperator):
    """Export events from CleverTap to files: one directory for each event and day of the project.

    .. code-block:: python

        CleverTapExportEventsOperator(
            task_id="export_events",
            events=["Charged", "Product Viewed"],
            output="s3://lake@analytics/clevertap/events",
            schema={"Amount": "float"},
        )

    CleverTap files events under days of the project's time zone. With ``partition="day"`` the data interval is widened
    to the days it touches, and each of them is replaced as a whole, so that a repeated run leaves no event twice. A
    reader that follows the manifests (``ExportedEventsSource``) never sees a part of a day.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.export.CleverTapExportOperator` and
    these:

    :param events: the name of an event, a list of names, or ``"*"`` for all events of the account. May be JSON text.
        Templated.
    :param partition: ``"day"`` (default), or ``"interval"``: one directory for the interval, with the events of the
        interval only. Templated.
    :param include: personal data to add: ``"profile"`` (e-mail address and properties of the person, as they are now),
        ``"app"`` (the device), ``"event_summary"`` (how often the person raised each event), ``"push_token"``. Default:
        none. May be JSON text. Templated.
    :param lookback: how long before ``start`` the export begins, for events that arrive late: a timedelta, or a number
        of days. Only with ``partition="day"``. Templated.
    """

    export_kind = EVENTS
    template_fields: Sequence[str] = (
        *CleverTapExportOperator.template_fields,
        "events",
        "partition",
        "include",
        "lookback",
    )

    def __init__(
        self,
        *,
        events: str | Sequence[str],
        partition: Literal["day", "interval"] | str = "day",
        include: Sequence[str] | str = (),
        lookback: timedelta | int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.events = events
        self.partition = partition
        self.include = include
        self.lookback = lookback

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "events": names("events", self.events),
            "partition": optional_text(self.partition),
            "include": names("include", self.include),
            "lookback": days("lookback", self.lookback),
        }
