"""Operator that writes the report on messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.export_kinds import MESSAGES
from airflow_provider_clevertap.operators.base.arguments import (
    days,
    names,
    true_or_false,
    whole_number,
)
from airflow_provider_clevertap.operators.base.output import CleverTapOutputOperator

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["CleverTapMessageReportOperator"]


class CleverTapMessageReportOperator(CleverTapOutputOperator):
    """Write the report on messages (campaigns) to files: one directory for each day on which messages began.

    .. code-block:: python

        CleverTapMessageReportOperator(
            task_id="report",
            output="s3://lake@analytics/clevertap/messages",
            channels=["push", "email"],
        )

    CleverTap selects messages by the day they began, and their numbers keep changing: ``lookback`` asks for earlier
    days again. Each day is replaced as a whole. ``ExportedMessagesSource`` reads what there is.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.output.CleverTapOutputOperator` and
    these, all templated. Lists may be JSON text.

    :param channels: only these channels, such as ``"push"``, ``"email"``, ``"sms"``, ``"whatsapp"`` or ``"inapp"``.
    :param deliveries: only these kinds of delivery, such as ``"one_time"``, ``"recurring"`` or ``"action"``.
    :param statuses: only these statuses: ``"scheduled"``, ``"running"``, ``"stopped"`` or ``"completed"``.
    :param message_types: only these types, such as ``"single"`` or ``"ab"``.
    :param labels: only messages with one of these labels.
    :param daily: ask for the numbers of each day. CleverTap does not document the form of that answer: fields without a
        column are in ``other``.
    :param lookback: how long before ``start`` the report begins: a timedelta, or a number of days; default 7 days.
    :param days_per_request: days in one request, 1 to 14 (default). CleverTap takes about a second for each.
    """

    export_kind = MESSAGES
    template_fields: Sequence[str] = (
        *CleverTapOutputOperator.template_fields,
        "channels",
        "deliveries",
        "statuses",
        "message_types",
        "labels",
        "daily",
        "lookback",
        "days_per_request",
    )

    def __init__(
        self,
        *,
        channels: Sequence[str] | str | None = None,
        deliveries: Sequence[str] | str | None = None,
        statuses: Sequence[str] | str | None = None,
        message_types: Sequence[str] | str | None = None,
        labels: Sequence[str] | str | None = None,
        daily: bool | str = False,
        lookback: timedelta | int | str | None = None,
        days_per_request: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.deliveries = deliveries
        self.statuses = statuses
        self.message_types = message_types
        self.labels = labels
        self.daily = daily
        self.lookback = lookback
        self.days_per_request = days_per_request

    def _options(self) -> dict[str, Any]:
        filters = ("channels", "deliveries", "statuses", "message_types", "labels")
        return {
            **super()._options(),
            **{name: names(name, getattr(self, name)) for name in filters},
            "daily": true_or_false("daily", self.daily),
            "lookback": days("lookback", self.lookback),
            "days_per_request": whole_number("days_per_request", self.days_per_request),
        }
