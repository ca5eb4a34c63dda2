"""What a sensor waits for: a number of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.api.counting.answers import count_of
from airflow_provider_clevertap.api.counting.questions import Question, count_question
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.connections.settings import connect
from airflow_provider_clevertap.task_runtime.artifact_paths import running_task
from airflow_provider_clevertap.task_runtime.questions.days import with_days

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """A number of events that is waited for.

    :param query: the query; its days may be missing.
    :param minimum: how many there must be.
    :param unique: count people.
    :param interval: start and end as the user has set them.
    :param waits_for_unknown: an event that CleverTap does not know counts as none.
    """

    query: Mapping[str, Any]
    minimum: int
    unique: bool
    interval: tuple[Any, Any]
    waits_for_unknown: bool

    def question(self, context: Mapping[str, Any] | None, settings: ConnectionSettings) -> dict[str, Any]:
        """Return the arguments of the ``DeferredQuestion``.

        :raises ConfigurationError: when the query or its days cannot be used.
        """
        query = with_days(self.query, self.interval, running_task(context), settings.zone)
        question = count_question("events", query, unique=self.unique)
        return {
            "path": question.path,
            "body": dict(question.body),
            "minimum": self.minimum,
            "waits_for_unknown": self.waits_for_unknown,
        }

    def check(self, question: Mapping[str, Any], settings: ConnectionSettings, *, timeout: float) -> int | None:
        """Return the number of events, ``None`` when there are not enough.

        :param question: as :meth:`question` returns it.
        :param settings: the connection.
        :param timeout: the seconds that CleverTap may take.
        :raises CleverTapError: when CleverTap cannot be reached, or rejects the query.
        """
        asked = Question(question["path"], question["body"])
        try:
            with connect(settings, 1) as client:
                count = count_of(client.ask(asked, policy=ReadPolicy(max_poll_seconds=timeout)), asked.path)
        except RejectedReadError as error:
            if self.waits_for_unknown and error.is_unknown_event:
                return None
            raise
        return count if count >= self.minimum else None
