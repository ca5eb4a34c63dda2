"""Retry storage operations for a few minutes, so that a short outage does not fail the load."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    FinalError,
    StorageUnavailableError,
    SupersededError,
    escape_unprintable,
)
from airflow_provider_clevertap.storage.errors import describe_error

#: Seconds for which a failing operation is retried; nothing is sent meanwhile.
RETRY_SECONDS: Final = 180.0
#: The same once the load is stopping: Airflow kills the task soon.
CLOSING_RETRY_SECONDS: Final = 5.0
_FIRST_WAIT_SECONDS: Final = 0.25
_MAX_WAIT_SECONDS: Final = 15.0

T = TypeVar("T")


def retry_storage(
    action: Callable[[], T],
    what: str,
    name: str,
    log: logging.Logger,
    stopping: threading.Event,
    *,
    then: str = "Nothing more is sent; a later attempt resumes from what was stored last.",
) -> T:
    """Run a storage operation, and retry it while it fails: for minutes, or for seconds once the load is stopping.

    :param action: the operation; it must be safe to repeat.
    :param what: what is stored, such as ``"checkpoint"``.
    :param name: its location, for messages.
    :param log: the log for a warning before each retry.
    :param stopping: set when the load is to end.
    :param then: what follows when it kept failing, for the message.
    :raises StorageUnavailableError: when it kept failing.
    """
    started, wait = time.monotonic(), _FIRST_WAIT_SECONDS
    while True:
        try:
            return action()
        except (FinalError, SupersededError):
            raise
        except Exception as error:
            problem = escape_unprintable(
                error if isinstance(error, CleverTapError) else f"{name}: {describe_error(error)}"
            )
            limit = CLOSING_RETRY_SECONDS if stopping.is_set() else RETRY_SECONDS
            if time.monotonic() - started + wait > limit:
                raise StorageUnavailableError(
                    f"The storage of the {what} kept failing for {limit:.0f} seconds ({problem}). {then}"
                ) from None
            log.warning("The storage of the %s fails (%s); retrying in %.1f s", what, problem, wait)
        # A set event would end its own wait at once, and the retries of these last seconds would follow without pause.
        (time.sleep if stopping.is_set() else stopping.wait)(wait)
        wait = min(wait * 2, _MAX_WAIT_SECONDS)
