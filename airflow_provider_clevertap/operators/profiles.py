"""Operator that loads profiles."""

from __future__ import annotations

from airflow_provider_clevertap.operators.base import CleverTapUploadOperator
from airflow_provider_clevertap.upload_kinds import PROFILES

__all__ = ["CleverTapUploadProfilesOperator"]


class CleverTapUploadProfilesOperator(CleverTapUploadOperator):
    """Load profiles into CleverTap, with one named outcome for every row.

    .. code-block:: python

        CleverTapUploadProfilesOperator(
            task_id="load_profiles",
            source="s3://exports/customers/{{ ds }}/*.csv.gz",
            columns={"customer_id": "identity", "joined": Column("Joined On", type="date")},
            default_country="IN",
            max_rejects=0.01,
        )

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.CleverTapUploadOperator`.
    One of the columns must become ``identity``, ``objectId``, ``FBID`` or ``GPID``.
    See https://developer.clevertap.com/docs/upload-user-profiles-api for the fields.
    """

    upload_kind = PROFILES
