"""Ask a question for a task that is deferred: one check at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_clevertap.api.counting.answers import count_of
from airflow_provider_clevertap.api.counting.asking import Pending
from airflow_provider_clevertap.api.counting.questions import Question
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.connections.settings import connect

if TYPE_CHECKING:
    from airflow_provider_clevertap.connections.settings import ConnectionSettings

#: One check: what fails is tried again at the next one.
_CHECK: Final = ReadPolicy(RetryPolicy(attempts=1, total_seconds=0.0), max_poll_seconds=0.0)


@dataclass(kw_only=True)
class DeferredQuestion:
    """A question that CleverTap may answer later. All fields can be written as JSON.

    :param path: the path of the call.
    :param body: its query.
    :param request_id: the number to ask with; ``None`` to ask from the start.
    :param minimum: wait until the answer's count is at least this; ``None`` to wait for any answer.
    :param waits_for_unknown: an event that CleverTap does not know counts as none.
    """

    path: str
    body: Mapping[str, Any]
    request_id: int | None = None
    minimum: int | None = None
    waits_for_unknown: bool = False

    @property
    def unanswered(self) -> str:
        """Why the wait ends, when CleverTap has answered all checks."""
        if self.minimum is None:
            return "CleverTap has not answered in time"
        return f"CleverTap has not counted {self.minimum:,} in time"

    def check(self, settings: ConnectionSettings) -> dict[str, Any] | None:
        """Ask once, and return the fields of the answer, ``None`` as long as there is none that is wanted.

        :param settings: the connection.
        :raises CleverTapError: when CleverTap cannot be reached, or rejects the question.
        """
        try:
            with connect(settings, 1) as client:
                found = client.ask_once(Question(self.path, self.body), self.request_id, policy=_CHECK)
        except RejectedReadError as error:
            if self.waits_for_unknown and error.is_unknown_event:
                return None
            raise
        if isinstance(found, Pending):
            self.request_id = found.request_id
            return None
        self.request_id = None
        enough = self.minimum is None or count_of(found, self.path) >= self.minimum
        return found if enough else None
