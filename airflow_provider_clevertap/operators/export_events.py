"""Operator that exports events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_clevertap.export_kinds import EVENTS
from airflow_provider_clevertap.operators.arguments import (
    days,
    mapping,
    names,
    optional_text,
    share,
    true_or_false,
    whole_number,
)
from airflow_provider_clevertap.operators.export_base import CleverTapExportOperator

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

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

    The parameters are those of :class:`~airflow_provider_clevertap.operators.export_base.CleverTapExportOperator` and
    these:

    :param events: the name of an event, a list of names, or ``"*"`` for all events of the account. May be JSON text.
        Templated.
    :param start: where the time of the events begins: an instant with a time zone, or a day such as ``"2026-11-01"``,
        which begins at its midnight in the project's time zone. Default: the start of the data interval. Templated.
    :param end: where it ends; not included. Default: the end of the data interval. Templated.
    :param partition: ``"day"`` (default), or ``"interval"``: one directory for the interval, with the events of the
        interval only. Templated.
    :param file_format: ``"parquet"`` (default), ``"jsonl"`` (compressed with gzip), or ``"csv"``. Templated.
    :param schema: properties that become columns, with their types: ``"text"``, ``"integer"``, ``"float"``,
        ``"boolean"``, ``"timestamp"`` or ``"epoch_seconds"``; or ``{"type": ..., "column": ...}``. The others stay in
        the column ``properties`` as JSON text. May be JSON text. Templated.
    :param include: personal data to add: ``"profile"`` (e-mail address and properties of the person, as they are now),
        ``"app"`` (the device), ``"event_summary"`` (how often the person raised each event), ``"push_token"``. Default:
        none. May be JSON text. Templated.
    :param query: more filters in CleverTap's query language, such as ``event_properties``. May be JSON text. Templated.
    :param lookback: how long before ``start`` the export begins, for events that arrive late: a timedelta, or a number
        of days. Only with ``partition="day"``. Templated.
    :param on_not_exportable: ``"fail"`` or ``"skip"``, for events that CleverTap does not export. Default: ``"fail"``
        for events that are named, ``"skip"`` for ``"*"``. Templated.
    :param on_empty: ``"write"`` (default) replaces partitions also where there are no events; ``"skip"`` creates no
        empty ones, and the task is skipped when there are no events at all; ``"fail"`` fails then. Templated.
    :param check_count: the share, such as ``0.01``, by which the number of events may differ from CleverTap's own
        count; beyond it the task fails and is retried. Default: no check. Templated.
    :param confirm_empty: ``True`` (default) asks CleverTap for a count where it answers that there are no events.
        Templated.
    :param max_rows_per_file: the maximum number of rows in a file, default 250,000. Templated.
    :param batch_size: events in one page, 1 to 5000. Default: 5000, or 1000 with ``"profile"`` or ``"event_summary"``.
        Templated.
    """

    export_kind = EVENTS
    template_fields: Sequence[str] = (
        *CleverTapExportOperator.template_fields,
        "events",
        "start",
        "end",
        "partition",
        "file_format",
        "schema",
        "include",
        "query",
        "lookback",
        "on_not_exportable",
        "on_empty",
        "check_count",
        "confirm_empty",
        "max_rows_per_file",
        "batch_size",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"schema": "json", "query": "json"}

    def __init__(
        self,
        *,
        events: str | Sequence[str],
        start: datetime | date | str | None = None,
        end: datetime | date | str | None = None,
        partition: Literal["day", "interval"] | str = "day",
        file_format: Literal["parquet", "jsonl", "csv"] | str = "parquet",
        schema: Mapping[str, str | Mapping[str, str]] | str | None = None,
        include: Sequence[str] | str = (),
        query: Mapping[str, Any] | str | None = None,
        lookback: timedelta | int | str | None = None,
        on_not_exportable: Literal["fail", "skip"] | str | None = None,
        on_empty: Literal["write", "skip", "fail"] | str = "write",
        check_count: float | str | None = None,
        confirm_empty: bool | str = True,
        max_rows_per_file: int | str | None = None,
        batch_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.events = events
        self.start = start
        self.end = end
        self.partition = partition
        self.file_format = file_format
        self.schema = schema
        self.include = include
        self.query = query
        self.lookback = lookback
        self.on_not_exportable = on_not_exportable
        self.on_empty = on_empty
        self.check_count = check_count
        self.confirm_empty = confirm_empty
        self.max_rows_per_file = max_rows_per_file
        self.batch_size = batch_size

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "events": names(self.events),
            "start": optional_text(self.start),
            "end": optional_text(self.end),
            "partition": optional_text(self.partition),
            "file_format": optional_text(self.file_format),
            "schema": mapping("schema", self.schema),
            "include": names(self.include),
            "query": mapping("query", self.query),
            "lookback": days("lookback", self.lookback),
            "on_not_exportable": optional_text(self.on_not_exportable),
            "on_empty": optional_text(self.on_empty),
            "check_count": share("check_count", self.check_count),
            "confirm_empty": true_or_false("confirm_empty", self.confirm_empty),
            "max_rows_per_file": whole_number("max_rows_per_file", self.max_rows_per_file),
            "batch_size": whole_number("batch_size", self.batch_size),
        }
