"""Operator that changes subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from airflow_provider_clevertap.operators.base.arguments import optional_text
from airflow_provider_clevertap.operators.base.upload import CleverTapUploadOperator
from airflow_provider_clevertap.upload_kinds import SUBSCRIPTIONS

__all__ = ["CleverTapUpdateSubscriptionsOperator"]


class CleverTapUpdateSubscriptionsOperator(CleverTapUploadOperator):
    """Unsubscribe e-mail addresses and phone numbers, or subscribe them again, with one named outcome for every row.

    .. code-block:: python

        CleverTapUpdateSubscriptionsOperator(
            task_id="unsubscribe",
            source="s3://exports/opt_outs/{{ ds }}.csv",
            columns={"address": "value"},
            channel="email",
            status="Unsubscribe",
        )

    A status belongs to an address or number, so that it counts for **every** profile that has it. For one person, load
    profiles with the flags ``MSG-email``, ``MSG-sms`` or ``MSG-whatsapp`` instead.

    Where rows have the same channel and value, the last valid row is sent, and the earlier ones are skipped. The whole
    source is read, into a temporary file, before the first request. Each row may be sent twice without harm.
    CleverTap documents no dry run for subscriptions, so that ``dry_run="server"`` is not allowed; ``max_in_flight`` is
    at most 3. See https://developer.clevertap.com/docs/subscribe-api.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.upload.CleverTapUploadOperator` and
    these. Columns must become ``value`` (an e-mail address, or a phone number as ``Phone`` of a profile), ``type`` and
    ``status``. A record has no other fields, so other columns are left out.

    :param channel: the channel of all rows: ``"email"``, ``"phone"`` or ``"whatsapp"``, in any case. Default: a column
        becomes ``type``. Templated.
    :param status: the status of all rows: ``"Unsubscribe"`` or ``"Resubscribe"``, in any case. Default: a column
        becomes ``status``. Templated.
    """

    upload_kind = SUBSCRIPTIONS
    template_fields: Sequence[str] = (*CleverTapUploadOperator.template_fields, "channel", "status")

    def __init__(
        self,
        *,
        channel: Literal["email", "phone", "whatsapp"] | str | None = None,
        status: Literal["Unsubscribe", "Resubscribe"] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channel = channel
        self.status = status

    def _kind_options(self) -> dict[str, Any]:
        return {"channel": optional_text(self.channel), "status": optional_text(self.status)}
