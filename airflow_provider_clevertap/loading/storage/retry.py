"""Patience with the storage of what a load keeps: it may be away for a while, and a load is not to fail of that."""

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
    shown,
)
from airflow_provider_clevertap.loading.storage.files import cause

#: Seconds for which what cannot be written is tried again while sending waits, and once a load is ending.
RETRY_SECONDS: Final = 180.0
CLOSING_RETRY_SECONDS: Final = 5.0
_LONGEST_WAIT: Final = 15.0

T = TypeVar("T")


def retry_storage(action: Callable[[], T], what: str, name: str, log: logging.Logger, stopping: threading.Event) -> T:
    """Do something with a store, again and again for some minutes while it fails, or for seconds once the load ends.

    :param what: what is kept there, such as ``"checkpoint"``.
    :param name: its place as a person would name it.
    :raises StorageUnavailableError: when it kept failing.
    """
    began, wait = time.monotonic(), 0.25
    while True:
        try:
            return action()
        except (FinalError, SupersededError):
            raise
        except Exception as error:
            problem = shown(error if isinstance(error, CleverTapError) else f"{name}: {cause(error)}")
            patience = CLOSING_RETRY_SECONDS if stopping.is_set() else RETRY_SECONDS
            if time.monotonic() - began + wait > patience:
                raise StorageUnavailableError(
                    f"The {what} cannot be kept, and could not for {patience:.0f} seconds ({problem}). Nothing more "
                    "is sent; a later try goes on from there."
                ) from None
            log.warning("The %s cannot be kept for now (%s); trying again in %.1f s", what, problem, wait)
        (time.sleep if stopping.is_set() else stopping.wait)(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
