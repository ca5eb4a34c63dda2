"""Operator that loads device tokens."""

from __future__ import annotations

from airflow_provider_clevertap.operators.base.messages import MessagesOperator
from airflow_provider_clevertap.upload_kinds import DEVICE_TOKENS

__all__ = ["CleverTapUploadDeviceTokensOperator"]


class CleverTapUploadDeviceTokensOperator(MessagesOperator):
    """Load device tokens into CleverTap, with one named outcome for every row.

    .. code-block:: python

        CleverTapUploadDeviceTokensOperator(
            task_id="load_tokens",
            source="s3://exports/tokens/{{ ds }}.csv",
            columns={"device": "objectId", "push_token": "token", "platform": "type"},
        )

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.messages.MessagesOperator`. Columns
    must become ``objectId``, ``token`` and ``type`` (``fcm``, ``apns``, ``gcm``, and the older ``wns``, ``mpns``,
    ``chrome``); ``p256dh`` and ``auth`` hold the keys of a ``chrome`` token. A record has no other fields, so
    other columns are left out. See https://developer.clevertap.com/docs/upload-device-tokens-api.
    """

    upload_kind = DEVICE_TOKENS
