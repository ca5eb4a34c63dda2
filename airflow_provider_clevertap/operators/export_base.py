"""Base class of the operators that export: running an export, and translating its errors for Airflow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow_provider_clevertap.airflow_compat import AirflowSkipException, BaseOperator
from airflow_provider_clevertap.exceptions import CleverTapError
from airflow_provider_clevertap.operators.arguments import optional_text, whole_number
from airflow_provider_clevertap.operators.failures import fail_task
from airflow_provider_clevertap.operators.pool_slots import mapped_slots, with_slots

if TYPE_CHECKING:
    from logging import Logger

    from airflow_provider_clevertap.airflow_compat import Context
    from airflow_provider_clevertap.export_kinds import ExportKind
    from airflow_provider_clevertap.task_runtime.task_export import TaskExport

__all__ = ["CleverTapExportOperator"]


class CleverTapExportOperator(BaseOperator):
    """Export records to files; base class of the operators for events and profiles.

    Every argument except Airflow's own is templated. The task returns the summary, so that it is in XCom: counts, times
    and paths, and no record.

    :param output: the directory to write to: a path or URI, such as ``s3://my_connection@bucket/clevertap/events``. It
        holds one export and nothing else.
    :param clevertap_conn_id: id of the connection, default ``"clevertap_default"``. Its extra must have a
        ``project_timezone``.
    :param max_in_flight: maximum of requests in flight, 1 to 3. With a ``pool`` and no ``pool_slots`` the task takes as
        many slots: this number, or 3 where it is not given or a template.
    """

    template_fields: Sequence[str] = ("output_path", "clevertap_conn_id", "max_in_flight")
    # Airflow replaces a path with one of these endings by the file's text.
    template_ext: Sequence[str] = ()
    ui_color = "#e4ecfb"
    #: the operator's entry in the registry
    export_kind: ClassVar[ExportKind]

    def __init__(
        self,
        *,
        output: Any,
        clevertap_conn_id: str = "clevertap_default",
        max_in_flight: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**with_slots(kwargs, max_in_flight, self.export_kind))
        self.output_path = output  # BaseOperator has a property output
        self.clevertap_conn_id = clevertap_conn_id
        self.max_in_flight = max_in_flight

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:  # the scheduler reads a mapped task's slots here, not from __init__
        """Set the arguments that all instances of a mapped task share, see Airflow's ``partial``."""
        partial: Any = super().partial(**kwargs)
        outer = (kwargs.get("default_args"), partial.kwargs["task_group"], partial.kwargs["dag"])
        partial.kwargs.update(mapped_slots(kwargs, *outer, cls.export_kind))
        return partial

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
            self._task_export = TaskExport(
                self.export_kind, hook.clevertap_conn_id, hook.settings, cast("Logger", self.log)
            )
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

    def _options(self) -> dict[str, Any]:
        """Return the export's options, read from the rendered arguments."""
        return {
            "output": optional_text(self.output_path),
            "max_in_flight": whole_number("max_in_flight", self.max_in_flight),
        }
