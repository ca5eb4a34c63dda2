"""Base class of the operators that export events and profiles: their common arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from airflow_provider_clevertap.operators.base.arguments import (
    mapping,
    optional_text,
    share,
    true_or_false,
    whole_number,
)
from airflow_provider_clevertap.operators.base.output import CleverTapOutputOperator

__all__ = ["CleverTapExportOperator"]


class CleverTapExportOperator(CleverTapOutputOperator):
    """Export records to files; base class of the operators for events and profiles.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.output.CleverTapOutputOperator` and
    these, all templated:

    :param schema: properties that become columns, with their types: ``"text"``, ``"integer"``, ``"float"``,
        ``"boolean"``, ``"timestamp"`` or ``"epoch_seconds"``; or ``{"type": ..., "column": ...}``. The others stay in
        the column ``properties`` as JSON text. May be JSON text.
    :param query: more filters in CleverTap's query language, such as ``event_properties``. May be JSON text.
    :param on_not_exportable: ``"fail"`` or ``"skip"``, for events that CleverTap does not export. Default: ``"fail"``
        for events that are named, ``"skip"`` for ``"*"``.
    :param check_count: the share, such as ``0.01``, by which the number of rows may differ from CleverTap's own count;
        beyond it the task fails and is retried. Default: no check.
    :param confirm_empty: ``True`` (default) asks CleverTap for a count where it answers that there is nothing.
    :param batch_size: rows in one page, 1 to 5000. Default: 5000, or 1000 with ``"profile"`` or ``"event_summary"``.
    """

    template_fields: Sequence[str] = (
        *CleverTapOutputOperator.template_fields,
        "schema",
        "query",
        "on_not_exportable",
        "check_count",
        "confirm_empty",
        "batch_size",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"schema": "json", "query": "json"}

    def __init__(
        self,
        *,
        schema: Mapping[str, str | Mapping[str, str]] | str | None = None,
        query: Mapping[str, Any] | str | None = None,
        on_not_exportable: Literal["fail", "skip"] | str | None = None,
        check_count: float | str | None = None,
        confirm_empty: bool | str = True,
        batch_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.query = query
        self.on_not_exportable = on_not_exportable
        self.check_count = check_count
        self.confirm_empty = confirm_empty
        self.batch_size = batch_size

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "schema": mapping("schema", self.schema),
            "query": mapping("query", self.query),
            "on_not_exportable": optional_text(self.on_not_exportable),
            "check_count": share("check_count", self.check_count),
            "confirm_empty": true_or_false("confirm_empty", self.confirm_empty),
            "batch_size": whole_number("batch_size", self.batch_size),
        }
