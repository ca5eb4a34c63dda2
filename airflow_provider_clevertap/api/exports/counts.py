"""Ask CleverTap for a number: it answers at once, or names a request to ask for until the number is ready."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from airflow_provider_clevertap.api.exports.cursor_walk import Read
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.exceptions import CleverTapUnavailableError, ExportError, LoadStoppedError

#: How often a request is made again when CleverTap has forgotten it.
_MAX_STARTS: Final = 3
_FORGOTTEN: Final = "invalid request id"


def read_when_ready(read: Read, path: str, body: Mapping[str, Any], policy: ReadPolicy | None = None) -> dict[str, Any]:
    """Make a call that CleverTap may answer later, and return the fields of its final answer.

    :param read: makes the calls.
    :param path: the path, such as ``/1/counts/events.json``.
    :param body: the query.
    :param policy: how often and how long each call is repeated; ``max_poll_seconds`` limits the whole.
    :raises CleverTapUnavailableError: when the answer is not ready in time.
    :raises CleverTapError: as :meth:`~.client.CleverTapClient.read` does.
    """
    policy = policy or ReadPolicy()
    deadline = time.monotonic() + policy.max_poll_seconds
    starts = 0
    request_id: int | None = None
    while True:
        if request_id is None:
            starts += 1
        left = replace(policy, max_poll_seconds=max(deadline - time.monotonic(), 0.0))
        try:
            if request_id is None:
                fields = read(path, body=body, policy=left)
            else:
                fields = read(path, query={"req_id": str(request_id)}, policy=left)
        except RejectedReadError as error:
            if request_id is None or _FORGOTTEN not in error.error.lower() or starts >= _MAX_STARTS:
                raise
            request_id = None
            continue
        if fields.get("status") != "partial":
            return fields
        request_id = fields.get("req_id", request_id)
        if not isinstance(request_id, int):
            raise ExportError(f"CleverTap's answer to {path} is partial and names no request to ask for.")
        if time.monotonic() + policy.poll_seconds > deadline:
            raise CleverTapUnavailableError(f"CleverTap has not answered {path} in {policy.max_poll_seconds:g} seconds")
        policy.on_wait("CleverTap is still counting", policy.poll_seconds)
        if policy.stopping.wait(policy.poll_seconds):
            raise LoadStoppedError("The call was stopped.")


def count_of(fields: Mapping[str, Any], path: str) -> int:
    """Return the number of an answer.

    :raises ExportError: when it has none.
    """
    count = fields.get("count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ExportError(f"CleverTap's answer to {path} has no count.")
    return count
