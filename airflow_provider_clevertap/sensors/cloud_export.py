"""Sensor that waits for a cloud export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_clevertap.airflow_compat import BaseSensorOperator, PokeReturnValue
from airflow_provider_clevertap.exceptions import CleverTapError, UnavailableError
from airflow_provider_clevertap.operators.base.arguments import optional_text, whole_number
from airflow_provider_clevertap.operators.base.deferring import deferrable_or_default, error_in
from airflow_provider_clevertap.task_runtime.failures import fail_task

if TYPE_CHECKING:
    from datetime import date

    from airflow_provider_clevertap.airflow_compat import Context
    from airflow_provider_clevertap.task_runtime.cloud_exports import AwaitedRuns

__all__ = ["CleverTapCloudExportSensor"]


class CleverTapCloudExportSensor(BaseSensorOperator):
    """Wait until CleverTap has finished writing a cloud export into a bucket.

    .. code-block:: python

        CleverTapCloudExportSensor(
            task_id="wait",
            path="s3://my_connection@bucket/clevertap",
            event="Notification Viewed",
            day="{{ ds }}",
            timeout=12 * 3600,
            deferrable=True,
        )

    CleverTap documents nothing that marks a run as complete. A run counts as complete when its files have not changed
    for some time. The task returns ``[{"run": ..., "uri": ..., "files": ...}]``, the latest run last: ``uri`` is a glob
    that ``CloudExportSource`` reads. There may be several runs for a day, as events that arrive late are in later ones.

    :param path: the directory of the export, as a path or URI. Files are found in its directories too. Templated.
    :param kind: ``"events"`` (default) or ``"profiles"``. Templated.
    :param event: only files of this event. Templated.
    :param day: only files of this day of the project. Templated.
    :param settle: how long the files must not have changed, by the times that the storage reports; default 30 minutes.
    :param databases: how many databases of the account each run must have files of, if the number is known. Templated.
    :param deferrable: wait in the triggerer. Default: ``[operators] default_deferrable`` of Airflow's configuration.
    """

    template_fields: Sequence[str] = ("path", "kind", "event", "day", "databases")
    # Airflow replaces a path with one of these endings by the file's text.
    template_ext: Sequence[str] = ()
    ui_color = "#e4ecfb"

    def __init__(
        self,
        *,
        path: Any,
        kind: Literal["events", "profiles"] | str = "events",
        event: str | None = None,
        day: date | str | None = None,
        settle: timedelta = timedelta(minutes=30),
        databases: int | str | None = None,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.kind = kind
        self.event = event
        self.day = day
        self.settle = settle
        self.databases = databases
        self.deferrable = deferrable_or_default(deferrable)

    # Within one process, the files that a check has found are compared with those of the check before.
    _awaited: AwaitedRuns | None = None

    def execute(self, context: Context) -> Any:
        """Wait for the export.

        :raises AirflowFailException: when an argument is wrong.
        """
        if not self.deferrable:
            return super().execute(context)
        found = self.poke(context)
        if found.is_done:
            return found.xcom_value
        from airflow_provider_clevertap.triggers.cloud_export import CloudExportTrigger

        self.defer(
            trigger=CloudExportTrigger(self._fields(), poll_seconds=self.poke_interval),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )
        return None

    def poke(self, context: Context) -> PokeReturnValue:
        """Check once whether the files are complete.

        :raises AirflowFailException: when an argument is wrong.
        """
        del context
        from airflow_provider_clevertap.task_runtime.cloud_exports import AwaitedRuns

        try:
            self._awaited = self._awaited or AwaitedRuns(**self._fields())
            runs = self._awaited.complete_runs()
        except UnavailableError as error:
            self.log.warning("The storage does not answer: %s", error)
            runs = None
        except CleverTapError as error:
            fail_task(error, self.log)
        return PokeReturnValue(is_done=runs is not None, xcom_value=runs)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Return what the trigger has found.

        :raises AirflowFailException: when an argument is wrong.
        """
        del context
        error = error_in(event)
        if error is not None:
            fail_task(error, self.log)
        return event["runs"]

    def _fields(self) -> dict[str, Any]:
        from airflow_provider_clevertap.exported.cloud.runs import read_day

        return {
            "path": str(self.path),
            "kind": optional_text(self.kind),
            "event": optional_text(self.event),
            "day": read_day(optional_text(self.day)),
            "settle_seconds": self.settle.total_seconds(),
            "databases": whole_number("databases", self.databases),
        }
