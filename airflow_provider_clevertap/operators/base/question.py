"""Base class of the operators that ask CleverTap for numbers: asking, deferring, and what becomes of the answer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow_provider_clevertap.airflow_compat import BaseOperator
from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError
from airflow_provider_clevertap.operators.base.arguments import duration, mapping, optional_text
from airflow_provider_clevertap.operators.base.deferring import deferrable_or_default, error_in
from airflow_provider_clevertap.operators.base.links import CleverTapDashboardLink, linked
from airflow_provider_clevertap.task_runtime.failures import fail_task

if TYPE_CHECKING:
    from datetime import date, datetime
    from logging import Logger

    from airflow_provider_clevertap.airflow_compat import Context
    from airflow_provider_clevertap.task_runtime.questions.task_question import TaskQuestion

__all__ = ["CleverTapQuestionOperator"]

#: How much longer Airflow waits for the triggerer than the triggerer waits for CleverTap.
_GRACE = timedelta(minutes=2)


class CleverTapQuestionOperator(BaseOperator):
    """Ask CleverTap for numbers; base class of the operators for counts, trends and the most frequent values.

    CleverTap answers at once, or prepares the answer and returns the number of a request to ask for later. From Airflow
    3.3 on, this number is kept in the task's state, so that a later attempt gets the same answer. If CleverTap no
    longer knows the number, the question is asked again.

    :param query: what to count, in CleverTap's query language: ``event_name``, and if wanted filters such as
        ``event_properties``. Its days are ``from`` and ``to``, such as ``20261101``, both included and days of the
        project; without them they follow from ``start`` and ``end``. May be JSON text. Templated.
    :param start: where the time begins: a day such as ``"2026-11-01"``, or an instant at midnight in the project's time
        zone. Default: the start of the data interval. Templated.
    :param end: where it ends; not included. Default: the end of the data interval. Templated.
    :param deferrable: wait in the triggerer. Default: ``[operators] default_deferrable`` of Airflow's configuration.
    :param timeout: how long CleverTap may prepare the answer, as a timedelta or in seconds; default one hour.
    :param check_interval: the time between two checks, in the same form. Default: 3 seconds, or 30 when deferred.
    :param clevertap_conn_id: id of the connection, default ``"clevertap_default"``. Templated.
    """

    template_fields: Sequence[str] = ("query", "start", "end", "timeout", "check_interval", "clevertap_conn_id")
    # Airflow replaces a path with one of these endings by the file's text.
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {"query": "json", "groups": "json"}
    ui_color = "#e4ecfb"
    operator_extra_links = (CleverTapDashboardLink(),)

    def __init__(
        self,
        *,
        query: Mapping[str, Any] | str,
        start: datetime | date | str | None = None,
        end: datetime | date | str | None = None,
        deferrable: bool | None = None,
        timeout: timedelta | float | str = timedelta(hours=1),
        check_interval: timedelta | float | str | None = None,
        clevertap_conn_id: str = "clevertap_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query = query
        self.start = start
        self.end = end
        self.deferrable = deferrable_or_default(deferrable)
        self.timeout = timeout
        self.check_interval = check_interval
        self.clevertap_conn_id = clevertap_conn_id

    def execute(self, context: Context) -> Any:
        """Ask, and return the answer.

        :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
        :raises AirflowException: when CleverTap could not be reached, or has not answered in time; Airflow retries.
        """
        from airflow_provider_clevertap.task_runtime.questions.task_question import (
            DEFERRED_POLL_SECONDS,
            POLL_SECONDS,
            Waiting,
        )

        try:
            self._check(context)
            timeout = duration("timeout", self.timeout) or timedelta(hours=1)
            every = duration("check_interval", self.check_interval)
            default = DEFERRED_POLL_SECONDS if self.deferrable else POLL_SECONDS
            seconds = default if every is None else every.total_seconds()
            self._question = self._make_question(context)
            answer = self._question.ask(
                context,
                interval=(optional_text(self.start), optional_text(self.end)),
                wait=not self.deferrable,
                timeout=timeout.total_seconds(),
                poll_seconds=seconds,
            )
            if not isinstance(answer, Waiting):
                return self._result(answer, context)
        except CleverTapError as error:
            fail_task(error, self.log)
        from airflow_provider_clevertap.triggers.question import QuestionTrigger

        waiting = {"path": answer.path, "body": answer.body, "request_id": answer.request_id}
        self.defer(
            trigger=QuestionTrigger(self._conn_id, waiting, seconds, time.time() + timeout.total_seconds()),
            method_name="execute_complete",
            timeout=timeout + _GRACE,
        )
        return None

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Return the answer that the triggerer has waited for.

        :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
        :raises AirflowException: when CleverTap could not be reached, or has not answered in time; Airflow retries.
        """
        try:
            error = error_in(event)
            if error is not None:
                raise error
            return self._result(self._make_question(context).read(context, event["asked"], event["fields"]), context)
        except CleverTapError as error:
            fail_task(error, self.log)

    def on_kill(self) -> None:
        """End the wait."""
        if self._question is not None:
            self._question.stop()

    _question: TaskQuestion | None = None
    #: the address of the region's dashboard, once the connection has been read
    dashboard_url: str | None = None

    def _kind(self) -> str:
        """Return the kind of question."""
        raise NotImplementedError

    def _options(self) -> dict[str, Any]:
        """Return the other arguments of the kind, read from the rendered ones."""
        return {}

    def _check(self, context: Context) -> None:
        """Check the arguments that can be checked before anything is asked."""

    def _result(self, answer: Any, context: Context) -> Any:
        """Return what goes into XCom."""
        del context
        return answer

    @property
    def _conn_id(self) -> str:
        return optional_text(self.clevertap_conn_id) or "clevertap_default"

    def _make_question(self, context: Context) -> TaskQuestion:
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.task_runtime.questions.task_question import TaskQuestion

        query = mapping("query", self.query)
        if query is None:
            raise ConfigurationError("query must be set.")
        hook, log = CleverTapHook(self._conn_id), cast("Logger", self.log)
        return TaskQuestion(
            self._kind(),
            query,
            self._options(),
            conn_id=hook.clevertap_conn_id,
            settings=linked(self, hook.settings, context, log),
            log=log,
        )
