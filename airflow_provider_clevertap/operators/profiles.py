"""Operator that loads profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from airflow_provider_clevertap.operators.base.arguments import optional_text
from airflow_provider_clevertap.operators.base.messages import MessagesOperator
from airflow_provider_clevertap.upload_kinds import PROFILES

__all__ = ["CleverTapUploadProfilesOperator"]


class CleverTapUploadProfilesOperator(MessagesOperator):
    """Load profiles into CleverTap, with one named outcome for every row.

    .. code-block:: python

        CleverTapUploadProfilesOperator(
            task_id="load_profiles",
            source="s3://exports/customers/{{ ds }}/*.csv.gz",
            columns={"customer_id": "identity", "joined": Column("Joined On", type="date")},
            default_country="IN",
            max_rejects=0.01,
        )

    One of the columns must become ``identity``, ``objectId``, ``FBID`` or ``GPID``.
    See https://developer.clevertap.com/docs/upload-user-profiles-api for the fields.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.messages.MessagesOperator` and this:

    :param identity_and_object_id: what happens to rows that fill ``identity`` and ``objectId``: they are invalid
        (``"reject"``, the default), as CleverTap does not document which one counts, or both are sent (``"send"``).
        Templated.
    """

    upload_kind = PROFILES
    template_fields: Sequence[str] = (*MessagesOperator.template_fields, "identity_and_object_id")

    def __init__(self, *, identity_and_object_id: Literal["reject", "send"] | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.identity_and_object_id = identity_and_object_id

    def _kind_options(self) -> dict[str, Any]:
        return {"identity_and_object_id": optional_text(self.identity_and_object_id)}
