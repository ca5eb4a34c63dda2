"""The request that CleverTap prepares for a task, kept in Airflow's task state store from 3.3 on.

The next attempt asks with its number, so that CleverTap does not do the work again. Nothing depends on it: where it
cannot be kept, or is too old, the question is asked again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

#: The key of the number, also shown in Airflow's UI.
KEY: Final = "clevertap_request"
#: An older number may have an older answer: the question is then asked again. CleverTap does not say how long it keeps
#: one.
_MAX_AGE_SECONDS: Final = 3600.0


class KeptRequest:
    """The number of a task's request.

    :param context: the running task's context, ``None`` outside of a task.
    :param asked: what was asked, and of which account. A number is valid for the same question only.
    :param log: for a store that fails.
    """

    def __init__(self, context: Mapping[str, Any] | None, asked: object, log: logging.Logger) -> None:
        self._store = None if context is None else context.get("task_state_store")
        self._asked = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
        self._log = log

    def load(self) -> int | None:
        """Return the number that an earlier attempt has kept, ``None`` when there is none."""
        try:
            kept = None if self._store is None else self._store.get(KEY)
        except Exception as problem:
            self._complain(problem)
            return None
        if not isinstance(kept, dict) or kept.get("asked") != self._asked:
            return None
        request_id, at = kept.get("req_id"), kept.get("at")
        is_recent = isinstance(at, int | float) and 0 <= time.time() - at < _MAX_AGE_SECONDS
        return request_id if is_recent and isinstance(request_id, int) else None

    def save(self, request_id: int) -> None:
        """Keep a number."""
        if self._store is not None:
            try:
                self._store.set(KEY, {"asked": self._asked, "req_id": request_id, "at": time.time()})
            except Exception as problem:
                self._complain(problem)

    def forget(self) -> None:
        """Remove the number: it has been answered, and whoever clears the task wants a new answer."""
        if self._store is not None:
            try:
                self._store.delete(KEY)
            except Exception as problem:
                self._complain(problem)

    def _complain(self, problem: Exception) -> None:
        self._log.warning("The request is not in the task state store (%s): asked anew", type(problem).__name__)
