"""Trigger that waits until CleverTap has answered a question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from airflow_provider_clevertap.exceptions import FinalError, UnavailableError

if TYPE_CHECKING:
    from airflow_provider_clevertap.task_runtime.questions.deferred import DeferredQuestion

__all__ = ["QuestionTrigger"]


class QuestionTrigger(BaseTrigger):
    """Wait until CleverTap has answered a question, or until its count is large enough.

    :param clevertap_conn_id: id of the connection. The passcode is not an argument, because Airflow stores arguments.
    :param question: what is asked, see
        :class:`~airflow_provider_clevertap.task_runtime.questions.deferred.DeferredQuestion`, as keyword arguments.
    :param poll_seconds: seconds between two checks.
    :param deadline: the UNIX time at which to give up.
    """

    def __init__(self, clevertap_conn_id: str, question: dict[str, Any], poll_seconds: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.clevertap_conn_id = clevertap_conn_id
        self.question = question
        self.poll_seconds = poll_seconds
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments, from which the triggerer makes it."""
        names = ("clevertap_conn_id", "question", "poll_seconds", "deadline")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the answer, also while CleverTap fails."""
        from airflow_provider_clevertap.task_runtime.questions.deferred import DeferredQuestion

        question: DeferredQuestion = DeferredQuestion(**self.question)
        while True:
            problem = question.unanswered
            try:
                # only this way finds the connection in the triggerers of all releases
                settings = await sync_to_async(self._settings, thread_sensitive=False)()
                fields = await asyncio.to_thread(question.check, settings)
            except FinalError as error:
                yield TriggerEvent({"error": str(error), "final": True})  # type: ignore[no-untyped-call]
                return
            except UnavailableError as error:
                self.log.warning("CleverTap does not answer: %s", error)
                fields, problem = None, str(error)
            if fields is not None:
                asked = {name: self.question[name] for name in ("path", "body")}
                yield TriggerEvent({"fields": fields, "asked": asked})  # type: ignore[no-untyped-call]
                return
            if time.time() + self.poll_seconds > self.deadline:
                yield TriggerEvent({"error": problem, "final": False})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.poll_seconds)

    def _settings(self) -> Any:
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

        return CleverTapHook(self.clevertap_conn_id).settings()
