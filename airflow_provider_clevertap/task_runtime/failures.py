"""Raise this package's errors as Airflow's, so that Airflow retries transient failures and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_clevertap.airflow_compat import AirflowException, AirflowFailException
from airflow_provider_clevertap.exceptions import CleverTapError, FinalError

if TYPE_CHECKING:
    from logging import Logger


def fail_task(error: CleverTapError, log: Logger | Any) -> NoReturn:
    """Raise an error as one of Airflow's.

    Airflow logs a traceback of every exception. This one has no cause: the message says what the reader needs.

    :param error: the error of a load or an export.
    :param log: the task's log; with the level DEBUG it shows the cause.
    :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
    :raises AirflowException: for transient failures; Airflow retries.
    """
    log.debug("Cause of the failure", exc_info=error)
    if isinstance(error, FinalError):
        raise AirflowFailException(str(error)) from None
    raise AirflowException(str(error)) from None
