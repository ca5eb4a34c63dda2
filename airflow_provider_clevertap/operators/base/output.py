"""Base class of the operators that write an output: their common arguments, running an export, and its errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from airflow_provider_clevertap.airflow_compat import AirflowSkipException
from airflow_provider_clevertap.exceptions import CleverTapError
from airflow_provider_clevertap.operators.base.arguments import optional_text, whole_number
from airflow_provider_clevertap.operators.base.pool_slots import partial_with_slots, with_slots
from airflow_provider_clevertap.operators.lineage.reporting import ReportingOperator
from airflow_provider_clevertap.task_runtime.failures import fail_task

if TYPE_CHECKING:
    from datetime import date, datetime
    from logging import Logger

    from airflow_provider_clevertap.airflow_compat import Context
    from airflow_provider_clevertap.export_kinds import ExportKind
    from airflow_provider_clevertap.operators.lineage.dataset_names import Account
    from airflow_provider_clevertap.operators.lineage.facets import Report
    from airflow_provider_clevertap.task_runtime.task_export import TaskExport

__all__ = ["CleverTapOutputOperator"]


class CleverTapOutputOperator(ReportingOperator):
    """Write CleverTap's data of some days to files; base class of the exports and of the report on messages.

    Every argument except Airflow's own is templated. The task returns the summary, so that it is in XCom: counts, times
    and paths, and no record.

    :param output: the directory to write to: a path or URI, such as ``s3://my_connection@bucket/clevertap/events``. It
        holds one export and nothing else.
    :param start: where the time begins: an instant with a time zone, or a day such as ``"2026-11-01"``, which begins at
        its midnight in the project's time zone. Default: the start of the data interval.
    :param end: where it ends; not included. Default: the end of the data interval.
    :param file_format: ``"parquet"`` (default), ``"jsonl"`` (compressed with gzip), or ``"csv"``.
    :param on_empty: ``"write"`` (default) replaces partitions also where there is nothing; ``"skip"`` creates no empty
        ones, and the task is skipped when there are no rows at all; ``"fail"`` fails then.
    :param max_rows_per_file: the maximum number of rows in a file, default 250,000.
    :param max_in_flight: maximum of requests in flight, 1 to 3. With a ``pool`` and no ``pool_slots`` the task takes as
        many slots: this number, or 3 where it is not given or a template.
    :param clevertap_conn_id: id of the connection, default ``"clevertap_default"``. Its extra must have a
        ``project_timezone``.
    """

    template_fields: Sequence[str] = (
        "output_path",
        "start",
        "end",
        "file_format",
        "on_empty",
        "max_rows_per_file",
        "max_in_flight",
        "clevertap_conn_id",
    )
    # Airflow replaces a path with one of these endings by the file's text.
    template_ext: Sequence[str] = ()
    ui_color = "#e4ecfb"
    #: the operator's entry in the registry
    export_kind: ClassVar[ExportKind]

    def __init__(
        self,
        *,
        output: Any,
        start: datetime | date | str | None = None,
        end: datetime | date | str | None = None,
        file_format: Literal["parquet", "jsonl", "csv"] | str = "parquet",
        on_empty: Literal["write", "skip", "fail"] | str = "write",
        max_rows_per_file: int | str | None = None,
        max_in_flight: int | str | None = None,
        clevertap_conn_id: str = "clevertap_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**with_slots(kwargs, max_in_flight, self.export_kind))
        self.output_path = output  # BaseOperator has a property output
        self.start = start
        self.end = end
        self.file_format = file_format
        self.on_empty = on_empty
        self.max_rows_per_file = max_rows_per_file
        self.max_in_flight = max_in_flight
        self.clevertap_conn_id = clevertap_conn_id

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """Set the arguments that all instances of a mapped task share, see Airflow's ``partial``."""
        return partial_with_slots(super().partial(**kwargs), kwargs, cls.export_kind)

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the export.

        :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
        :raises AirflowException: when CleverTap or the storage could not be reached; Airflow retries.
        :raises AirflowSkipException: when there are no rows, and ``on_empty="skip"``.
        """
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.task_runtime.task_export import TaskExport

        try:
            hook = CleverTapHook(optional_text(self.clevertap_conn_id))
            options = self._options()
            settings = self._settings(hook.settings, context)
            self._task_export = TaskExport(self.export_kind, hook.clevertap_conn_id, settings, cast("Logger", self.log))
            if self._killed:
                self._task_export.stop()
            summary = self._task_export.run(options, context=context)
        except CleverTapError as error:
            fail_task(error, self.log)
        if options.get("on_empty") == "skip" and not summary["rows"]:
            raise AirflowSkipException("CleverTap has no rows for this export.")
        return summary

    def on_kill(self) -> None:
        """Stop the export; see ``run_interruptibly`` for when this is called."""
        self._killed = True
        if self._task_export is not None:
            self._task_export.stop()

    # A signal may arrive before execute is called, so both have a value from the start.
    _task_export: TaskExport | None = None
    _killed: bool = False

    def _lineage_report(self, account: Account | None, *, ended: bool) -> Report:
        from airflow_provider_clevertap.operators.lineage.reports import export_report

        summary = self._task_export.summary if ended and self._task_export is not None else None
        return export_report(optional_text(self.output_path), account, self.export_kind.name, summary)

    def _options(self) -> dict[str, Any]:
        """Return the export's options, read from the rendered arguments."""
        return {
            "output": optional_text(self.output_path),
            "start": optional_text(self.start),
            "end": optional_text(self.end),
            "file_format": optional_text(self.file_format),
            "on_empty": optional_text(self.on_empty),
            "max_rows_per_file": whole_number("max_rows_per_file", self.max_rows_per_file),
            "max_in_flight": whole_number("max_in_flight", self.max_in_flight),
        }
