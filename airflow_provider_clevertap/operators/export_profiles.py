"""Operator that exports profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_clevertap.export_kinds import PROFILES
from airflow_provider_clevertap.operators.base.arguments import names, optional_text, true_or_false
from airflow_provider_clevertap.operators.base.export import CleverTapExportOperator

__all__ = ["CleverTapExportProfilesOperator"]


class CleverTapExportProfilesOperator(CleverTapExportOperator):
    """Export profiles from CleverTap to files, as one snapshot: the directory ``snapshot=<last day>``.

    .. code-block:: python

        CleverTapExportProfilesOperator(
            task_id="export_customers",
            events=["Charged", "App Launched"],
            start="{{ macros.ds_add(ds, -30) }}",
            output="s3://lake@analytics/clevertap/profiles",
        )

    CleverTap selects people by the events they raised. People who raised no event that can be exported are missing.
    Properties have their current values, whenever the events happened.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.export.CleverTapExportOperator` and
    these:

    :param events: the name of an event, a list of names, or ``"*"``: people who raised one of them between ``start``
        and ``end``. Without it ``query`` must have ``common_profile_properties`` or ``advanced_query``, and no time is
        sent; CleverTap documents that it then means the past 365 days. May be JSON text. Templated.
    :param include: what to write: ``"profile"`` (e-mail address, name and properties), ``"app"`` (devices),
        ``"event_summary"`` (how often the person raised each event), ``"push_token"``. Default: ``"profile"``. May be
        JSON text. Templated.
    :param dedupe: ``True`` (default) writes a person who raised several of the events once. Templated.
    """

    export_kind = PROFILES
    template_fields: Sequence[str] = (*CleverTapExportOperator.template_fields, "events", "include", "dedupe")

    def __init__(
        self,
        *,
        events: str | Sequence[str] | None = None,
        include: Sequence[str] | str = ("profile",),
        dedupe: bool | str = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.events = events
        self.include = include
        self.dedupe = dedupe

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "events": optional_text(names("events", self.events)),
            "include": names("include", self.include),
            "dedupe": true_or_false("dedupe", self.dedupe),
        }
