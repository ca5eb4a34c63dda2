"""What deferrable tasks have in common: when they defer, and the errors that their triggers report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.airflow_compat import conf
from airflow_provider_clevertap.exceptions import CleverTapError, CleverTapUnavailableError, ConfigurationError


def deferrable_or_default(deferrable: bool | None) -> bool:
    """Return whether a task defers; when it is not set, ``[operators] default_deferrable`` decides."""
    return conf.getboolean("operators", "default_deferrable", fallback=False) if deferrable is None else deferrable


def error_in(event: Mapping[str, Any]) -> CleverTapError | None:
    """Return the error that a trigger reports, ``None`` when it reports a result.

    :param event: the trigger's event. It has ``error`` when the trigger failed, and ``final``, true when a retry would
        fail in the same way.
    """
    if "error" not in event:
        return None
    return (ConfigurationError if event.get("final", True) else CleverTapUnavailableError)(event["error"])
