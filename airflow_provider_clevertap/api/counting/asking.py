"""Ask a question until CleverTap has answered it: at once, or by the number of a request that it prepares.

The number is worth keeping: asking with it later returns the answer without the work being done again. A number that
CleverTap no longer knows is not a failure, as asking twice is harmless.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from airflow_provider_clevertap.api.counting.questions import Question
from airflow_provider_clevertap.api.exports.cursor_walk import Read
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.exceptions import CleverTapUnavailableError, ExportError, LoadStoppedError

#: How often a question is asked again when CleverTap has forgotten its request.
_MAX_STARTS: Final = 3
_FORGOTTEN: Final = "invalid request id"


@dataclass(frozen=True, slots=True)
class Pending:
    """CleverTap prepares the answer.

    :param request_id: the number to ask with.
    :param is_new: the question was asked again from the start.
    """

    request_id: int
    is_new: bool


def ask(
    read: Read,
    question: Question,
    request_id: int | None = None,
    policy: ReadPolicy | None = None,
    *,
    may_start: bool = True,
) -> dict[str, Any] | Pending:
    """Ask once, and return the fields of the answer or the number to ask with.

    :param read: makes the calls.
    :param question: the question.
    :param request_id: the number that CleverTap has named; ``None`` to ask from the start.
    :param policy: how often and how long each call is repeated.
    :param may_start: ask from the start when CleverTap no longer knows the number.
    :raises CleverTapError: as :meth:`~.client.CleverTapClient.read` does.
    """
    is_new = request_id is None
    if request_id is not None:
        try:
            fields = read(question.path, query={"req_id": str(request_id)}, policy=policy)
        except RejectedReadError as error:
            if not may_start or _FORGOTTEN not in error.error.lower():
                raise
            is_new = True
    if is_new:
        fields = read(question.path, body=question.body, policy=policy)
    if fields.get("status") != "partial":
        return fields
    number = fields.get("req_id", None if is_new else request_id)
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise ExportError(f"CleverTap's answer to {question.path} is partial and names no request to ask for.")
    return Pending(number, is_new)


def ask_until_answered(
    read: Read,
    question: Question,
    policy: ReadPolicy | None = None,
    *,
    request_id: int | None = None,
    on_request: Callable[[int], None] = lambda _request_id: None,
) -> dict[str, Any]:
    """Ask until CleverTap has answered, and return the fields of its answer.

    :param read: makes the calls.
    :param question: the question.
    :param policy: how often and how long each call is repeated; ``max_poll_seconds`` limits the whole.
    :param request_id: the number from an earlier attempt, if there is one.
    :param on_request: called with each new number.
    :raises CleverTapUnavailableError: when the answer is not ready in time.
    :raises CleverTapError: as :meth:`~.client.CleverTapClient.read` does.
    """
    policy = policy or ReadPolicy()
    deadline = time.monotonic() + policy.max_poll_seconds
    starts = 0
    while True:
        left = replace(policy, max_poll_seconds=max(deadline - time.monotonic(), 0.0))
        answer = ask(read, question, request_id, left, may_start=starts < _MAX_STARTS)
        if not isinstance(answer, Pending):
            return answer
        starts += answer.is_new
        if answer.request_id != request_id:
            request_id = answer.request_id
            on_request(request_id)
        if time.monotonic() + policy.poll_seconds > deadline:
            raise CleverTapUnavailableError(
                f"CleverTap has not answered {question.path} in {policy.max_poll_seconds:g} seconds"
            )
        policy.on_wait("CleverTap is still counting", policy.poll_seconds)
        if policy.stopping.wait(policy.poll_seconds):
            raise LoadStoppedError("The call was stopped.")
