"""Sensor that waits until CleverTap has events."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_clevertap.airflow_compat import AirflowSensorTimeout, BaseSensorOperator, PokeReturnValue
from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    ConfigurationError,
    UnavailableError,
)
from airflow_provider_clevertap.operators.base.arguments import (
    mapping,
    optional_text,
    true_or_false,
    whole_number,
)
from airflow_provider_clevertap.operators.base.deferring import deferrable_or_default
from airflow_provider_clevertap.task_runtime.failures import fail_task

if TYPE_CHECKING:
    from datetime import date, datetime

    from airflow_provider_clevertap.airflow_compat import Context

__all__ = ["CleverTapEventCountSensor"]

#: How long one check waits for an answer that CleverTap prepares.
_CHECK_SECONDS = 300.0


class CleverTapEventCountSensor(BaseSensorOperator):
    """Wait until CleverTap counts a minimum number of events.

    .. code-block:: python

        CleverTapEventCountSensor(
            task_id="wait_for_orders",
            query={"event_name": "Charged"},
            minimum=1000,
            timeout=6 * 3600,
            mode="reschedule",
        )

    The task returns the number.

    :param query: what to count, as for ``CleverTapCountOperator``. Templated.
    :param minimum: how many there must be; default 1. Templated.
    :param unique: count the people who raised the events, not the events. Templated.
    :param start: where the time begins: a day, or an instant at midnight in the project's time zone. Default: the start
        of the data interval. Templated.
    :param end: where it ends; not included. Default: the end of the data interval. Templated.
    :param on_unknown_event: ``"fail"`` (default) or ``"wait"`` when CleverTap has no event of this name. An event that
        was never raised is unknown too, as is one whose name is misspelt. Templated.
    :param clevertap_conn_id: id of the connection, default ``"clevertap_default"``. Templated.
    :param deferrable: wait in the triggerer. Default: ``[operators] default_deferrable`` of Airflow's configuration.
    """

    template_fields: Sequence[str] = (
        "query",
        "minimum",
        "unique",
        "start",
        "end",
        "on_unknown_event",
        "clevertap_conn_id",
    )
    # Airflow replaces a path with one of these endings by the file's text.
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {"query": "json"}
    ui_color = "#e4ecfb"

    def __init__(
        self,
        *,
        query: Mapping[str, Any] | str,
        minimum: int | str = 1,
        unique: bool | str = False,
        start: datetime | date | str | None = None,
        end: datetime | date | str | None = None,
        on_unknown_event: Literal["fail", "wait"] | str = "fail",
        clevertap_conn_id: str = "clevertap_default",
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query = query
        self.minimum = minimum
        self.unique = unique
        self.start = start
        self.end = end
        self.on_unknown_event = on_unknown_event
        self.clevertap_conn_id = clevertap_conn_id
        self.deferrable = deferrable_or_default(deferrable)

    def execute(self, context: Context) -> Any:
        """Wait for the events.

        :raises AirflowFailException: when an argument is wrong, or CleverTap rejects the query.
        """
        if not self.deferrable:
            return super().execute(context)
        from airflow_provider_clevertap.triggers.question import QuestionTrigger

        try:
            count, question = self._check(context, wait=False)
        except CleverTapError as error:
            fail_task(error, self.log)
        if count is not None:
            return count
        self.defer(
            trigger=QuestionTrigger(self._conn_id, question, self.poke_interval, time.time() + self.timeout),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )
        return None

    def poke(self, context: Context) -> PokeReturnValue:
        """Check once whether there are enough events.

        :raises AirflowFailException: when an argument is wrong, or CleverTap rejects the query.
        """
        try:
            count, _ = self._check(context)
        except CleverTapError as error:
            fail_task(error, self.log)
        return PokeReturnValue(is_done=count is not None, xcom_value=count)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Return the number that the trigger has found.

        :raises AirflowFailException: when CleverTap rejects the query.
        :raises AirflowSensorTimeout: when the time is over; Airflow does not retry, as in the other modes.
        """
        del context
        if "error" in event:
            if event["final"]:
                fail_task(ConfigurationError(event["error"]), self.log)
            raise AirflowSensorTimeout(event["error"])
        return event["fields"]["count"]

    @property
    def _conn_id(self) -> str:
        return optional_text(self.clevertap_conn_id) or "clevertap_default"

    def _check(self, context: Context, *, wait: bool = True) -> tuple[int | None, dict[str, Any]]:
        """Return the number if it is large enough, else ``None``; and the question for the triggerer.

        :param wait: wait for an answer that CleverTap prepares; otherwise the triggerer asks for it.
        """
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.task_runtime.questions.deferred import DeferredQuestion
        from airflow_provider_clevertap.task_runtime.questions.event_count import EventCount

        hook = CleverTapHook(self._conn_id)
        waits = optional_text(self.on_unknown_event) or "fail"
        if waits not in ("fail", "wait"):
            raise ConfigurationError(f"on_unknown_event={waits!r} is not known; use 'fail' or 'wait'.")
        wanted = EventCount(
            query=mapping("query", self.query) or {},
            minimum=1 if (minimum := whole_number("minimum", self.minimum)) is None else minimum,
            unique=true_or_false("unique", self.unique) or False,
            interval=(optional_text(self.start), optional_text(self.end)),
            waits_for_unknown=waits == "wait",
        )
        question = wanted.question(context, hook.settings())
        try:
            if wait:
                count = wanted.check(question, hook.settings(), timeout=_CHECK_SECONDS)
            else:
                deferred = DeferredQuestion(**question)
                found = deferred.check(hook.settings())
                count = None if found is None else found["count"]
                question["request_id"] = deferred.request_id
        except UnavailableError as error:
            self.log.warning("CleverTap does not answer: %s", error)
            count = None
        return count, question
