"""Ask one question inside a task, and write or return its answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_clevertap.api.counting.asking import Pending
from airflow_provider_clevertap.api.counting.kinds import make_question, read_answer
from airflow_provider_clevertap.api.counting.questions import Question
from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.connections.settings import connect
from airflow_provider_clevertap.exceptions import AccessDeniedError
from airflow_provider_clevertap.task_runtime.artifact_paths import running_task
from airflow_provider_clevertap.task_runtime.questions.days import with_days
from airflow_provider_clevertap.task_runtime.questions.kept_request import KeptRequest

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings

#: Seconds between two checks while CleverTap prepares an answer: in a worker as other clients have it, in the triggerer
#: as CleverTap's documentation recommends.
POLL_SECONDS: Final = 3.0
DEFERRED_POLL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """CleverTap prepares the answer. All fields can be written as JSON.

    :param path: the path of the call.
    :param body: its query.
    :param request_id: the number to ask with.
    """

    path: str
    body: Mapping[str, Any]
    request_id: int


class TaskQuestion:
    """One question of a task.

    :param kind: ``"events"``, ``"profiles"``, ``"trends"`` or ``"top"``.
    :param query: the query; its days may be missing.
    :param options: the other arguments of the kind.
    :param conn_id: the connection's id, for messages.
    :param settings: reads the connection. Called when the question is asked.
    :param log: the task's log.
    :param keep: keep the number of the request in the task's state, which has room for one question.
    """

    def __init__(
        self,
        kind: str,
        query: Mapping[str, Any],
        options: Mapping[str, Any],
        *,
        conn_id: str,
        settings: Callable[[], ConnectionSettings],
        log: logging.Logger,
        keep: bool = True,
    ) -> None:
        self._kind = kind
        self._query = query
        self._options = options
        self._conn_id = conn_id
        self._settings = settings
        self._log = log
        self._keep = keep
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End a wait; :meth:`ask` then raises ``LoadStoppedError``."""
        self._stopping.set()

    def ask(
        self,
        context: Mapping[str, Any] | None = None,
        *,
        interval: tuple[Any, Any] = (None, None),
        wait: bool = True,
        timeout: float,
        poll_seconds: float = POLL_SECONDS,
    ) -> Any:
        """Ask, and return what the answer means, or :class:`Waiting` if it is not to be waited for.

        :param context: the running task's context.
        :param interval: start and end as the user has set them.
        :param wait: wait until CleverTap has answered.
        :param timeout: the longest wait in seconds.
        :param poll_seconds: seconds between two checks.
        :raises CleverTapError: when the question cannot be asked or is not answered.
        """
        task = running_task(context)
        settings = self._settings()
        question = make_question(self._kind, with_days(self._query, interval, task, settings.zone), self._options)
        asked = [question.path, question.body, settings.account_id, settings.base_url]
        kept = KeptRequest(task if self._keep else None, asked, self._log)
        policy = ReadPolicy(
            poll_seconds=poll_seconds,
            max_poll_seconds=timeout,
            stopping=self._stopping,
            on_wait=lambda reason, seconds: self._log.info("%s: again in %g seconds", reason, seconds),
        )
        with connect(settings, 1) as client:
            try:
                if wait:
                    fields = client.ask(question, policy=policy, request_id=kept.load(), on_request=kept.save)
                else:
                    found = client.ask_once(question, kept.load(), policy=policy)
                    if isinstance(found, Pending):
                        kept.save(found.request_id)
                        return Waiting(question.path, question.body, found.request_id)
                    fields = found
            except AccessDeniedError as error:
                raise AccessDeniedError(
                    f"Connection {self._conn_id!r}: {error}", http_status=error.http_status
                ) from None
        kept.forget()
        return read_answer(question, fields, self._options)

    def read(self, context: Mapping[str, Any] | None, asked: Mapping[str, Any], fields: Mapping[str, Any]) -> Any:
        """Return what an answer means that the trigger has waited for.

        :param context: the running task's context.
        :param asked: ``path`` and ``body`` of the question.
        :param fields: the fields of the answer.
        :raises CleverTapError: when the answer has another form.
        """
        question = Question(asked["path"], asked["body"])
        KeptRequest(running_task(context), None, self._log).forget()
        return read_answer(question, fields, self._options)
