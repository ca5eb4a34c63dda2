"""Patience with the storage of a checkpoint: it may be away for a while, and a load is not to fail of that."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from airflow_provider_clevertap.exceptions import FinalError, StorageUnavailableError

#: Seconds for which a checkpoint that cannot be written is tried again while sending waits, and once a load is ending.
PATIENCE: Final = 180.0
CLOSING_PATIENCE: Final = 5.0
_LONGEST_WAIT: Final = 15.0

T = TypeVar("T")


def patiently(action: Callable[[], T], name: str, log: logging.Logger, stopping: threading.Event) -> T:
    """Do something with a store, again and again for some minutes while it fails, or for seconds once the load ends.

    :raises StorageUnavailableError: when it kept failing.
    """
    began, wait = time.monotonic(), 0.25
    while True:
        try:
            return action()
        except FinalError:
            raise
        except Exception as error:
            patience = CLOSING_PATIENCE if stopping.is_set() else PATIENCE
            if time.monotonic() - began + wait > patience:
                raise StorageUnavailableError(
                    f"The checkpoint cannot be kept: {name} failed for {patience:.0f} seconds "
                    f"({type(error).__name__}). Nothing more is sent without it; a later try goes on from there."
                ) from None
            log.warning(
                "The checkpoint cannot be kept for now (%s); trying again in %.1f s", type(error).__name__, wait
            )
        (time.sleep if stopping.is_set() else stopping.wait)(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
