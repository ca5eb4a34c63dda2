"""Repeat a call that reads data until CleverTap answers it: the one loop for profiles, exports, counts and lists.

Reading twice is harmless, so every failure that may be transient is retried: 429, 5xx, timeouts, lost connections and
unreadable answers. "Still in progress" is not a failure: CleverTap prepares exports and counts for minutes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_provider_clevertap.api.answers import Ambiguous, Failure, RateLimited, Unreachable
from airflow_provider_clevertap.api.reads.answers import InProgress, ReadAnswer, RejectedRead
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import CleverTapUnavailableError, ConfigurationError, LoadStoppedError

#: Seconds between two calls while CleverTap prepares the answer. Its documentation names none for exports; clients ask
#: every 2 to 5 seconds.
POLL_SECONDS: Final = 3.0
#: The longest time that CleverTap may take for the answer. It documents none.
MAX_POLL_SECONDS: Final = 900.0
#: A part of what CleverTap answers for an event that it does not have.
_UNKNOWN_EVENT: Final = "invalid event"


class RejectedReadError(ConfigurationError):
    """CleverTap rejected a call that reads data.

    :param message: what CleverTap answered.
    :param http_status: the HTTP status.
    :param code: CleverTap's code, ``None`` when there is none.
    :param error: CleverTap's error text.
    """

    def __init__(self, message: str, *, http_status: int, code: int | str | None, error: str) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.code = code
        self.error = error

    @property
    def is_unknown_event(self) -> bool:
        """Return whether the call was rejected because CleverTap has no such event."""
        return _UNKNOWN_EVENT in self.error.lower()


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """How often and how long a read call is repeated, and who is informed.

    :param retries: for failures: how many in succession, and the time they may take together. Answers of "too many
        requests" do not count as failures, only their time does.
    :param poll_seconds: seconds between two calls while CleverTap prepares the answer.
    :param max_poll_seconds: the longest time that CleverTap may take to prepare it.
    :param stopping: ends a wait when it is set.
    :param on_wait: informed before each wait: the reason, and its seconds.
    """

    retries: RetryPolicy = field(default_factory=RetryPolicy)
    poll_seconds: float = POLL_SECONDS
    max_poll_seconds: float = MAX_POLL_SECONDS
    stopping: threading.Event = field(default_factory=threading.Event)
    on_wait: Callable[[str, float], None] = lambda _reason, _seconds: None


def repeat_read(call: Callable[[], ReadAnswer], policy: ReadPolicy) -> dict[str, Any] | Failure:
    """Make a call until it has an answer, and return its fields, or the failure that ended the attempts.

    :param call: makes the call once.
    :param policy: how often and how long.
    :raises RejectedReadError: when CleverTap rejects the call.
    :raises CleverTapUnavailableError: when CleverTap does not finish preparing the answer.
    :raises LoadStoppedError: when ``policy.stopping`` is set.
    """
    started = failing_since = time.monotonic()
    attempts = failures = 0
    while True:
        if policy.stopping.is_set():
            raise LoadStoppedError("The call was stopped.")
        answer = call()
        now = time.monotonic()
        match answer:
            case InProgress(detail):
                attempts, failures, failing_since = 0, 0, now
                delay = policy.poll_seconds
                if now - started + delay > policy.max_poll_seconds:
                    raise CleverTapUnavailableError(
                        f"CleverTap has not prepared its answer in {policy.max_poll_seconds:g} seconds: {detail}"
                    )
            case RateLimited(detail) | Unreachable(detail) | Ambiguous(detail=detail):
                attempts += 1
                failures += not isinstance(answer, RateLimited)
                asked = None if isinstance(answer, Unreachable) else answer.retry_after
                delay = policy.retries.delay(attempts, asked)
                in_time = now - failing_since + delay <= policy.retries.total_seconds
                if failures >= policy.retries.attempts or not in_time:
                    return answer
            case RejectedRead():
                raise _rejected(answer)
            case _:
                return answer
        policy.on_wait(detail, delay)
        policy.stopping.wait(delay)


def _rejected(answer: RejectedRead) -> RejectedReadError:
    where = f"HTTP {answer.http_status}" if answer.code is None else f"code {answer.code}"
    text = f': "{answer.error}"' if answer.error else ""
    return RejectedReadError(
        f"CleverTap rejected the call with {where}{text}",
        http_status=answer.http_status,
        code=answer.code,
        error=answer.error,
    )
