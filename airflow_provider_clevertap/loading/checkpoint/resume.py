"""Decides whether a load resumes from the checkpoint of an earlier attempt or starts at row 1."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from airflow_provider_clevertap.exceptions import CannotResumeError
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
from airflow_provider_clevertap.loading.options import OnUnconfirmed
from airflow_provider_clevertap.loading.outcomes.summary import Counts
from airflow_provider_clevertap.storage.retry import retry_storage

#: Attempts that a checkpoint lists.
_MAX_ATTEMPTS: Final = 20

_START_REGARDLESS = (
    "To start at row 1 regardless, which loads again the {rows:,} rows that were settled, set resume=False or remove "
    "the checkpoint: {name}."
)


def resume_or_start(
    store: CheckpointStore,
    fresh: LoadState,
    counts: Counts,
    *,
    resume: bool,
    on_unconfirmed: OnUnconfirmed,
    log: logging.Logger,
    stopping: threading.Event,
) -> Checkpoint:
    """Take the load over, resume it or start it at row 1, and log which of them and why.

    :param store: the storage of the checkpoint.
    :param fresh: the state of a load that starts at row 1 now.
    :param counts: the load's counts.
    :param resume: ``False`` starts at row 1 in any case.
    :param on_unconfirmed: see :class:`Checkpoint`.
    :param log: the task's log.
    :param stopping: set when the load is to end.
    :raises CannotResumeError: when the load cannot resume, and starting it again could duplicate records.
    :raises SupersededError: when another attempt has begun in the meantime.
    """
    stored = retry_storage(store.load, "checkpoint", store.name, log, stopping)
    state = _initial_state(stored, fresh, store.name, resume=resume, log=log)
    if state is not fresh:
        counts.resumed_from_row = state.lanes["main"].settled.leading + 1
        _log_resume(state, counts.resumed_from_row, on_unconfirmed, log)
    state.attempts = [*state.attempts, (counts.resumed_from_row or 1, int(time.time()))][-_MAX_ATTEMPTS:]
    counts.attempts = state.attempts
    if state.fingerprint["source"] is None:
        log.info(
            "A later attempt of this load would start at row 1 too: it is not known whether the source returns the "
            "same rows in the same order when it is read again. Files and DataFrames do; a SqlSource does with "
            "resumable=True."
        )
    return Checkpoint(store, state, counts, on_unconfirmed=on_unconfirmed, log=log, stopping=stopping)


def _initial_state(
    stored: object | None, fresh: LoadState, name: str, *, resume: bool, log: logging.Logger
) -> LoadState:
    if stored is None:
        log.info("Starts at row 1: no earlier attempt has left a checkpoint")
    elif not resume:
        _log_restart(stored, name, log)
    else:
        earlier = LoadState.read(stored, name)
        if _can_resume(earlier, fresh, name, log):
            earlier.attempt = fresh.attempt
            return earlier
    return fresh


def _can_resume(earlier: LoadState, fresh: LoadState, name: str, log: logging.Logger) -> bool:
    """Return whether the load resumes; if not, log why it starts at row 1."""
    rows = len(earlier.lanes["main"].settled)
    if not earlier.touched:
        log.info("Starts at row 1: the earlier attempt sent nothing")
        if earlier.fingerprint == fresh.fingerprint:  # its requests without effect still count as requests of the load
            fresh.counts, fresh.seconds, fresh.attempts = earlier.counts, earlier.seconds, earlier.attempts
        return False
    if earlier.complete and earlier.attempt.series != fresh.attempt.series:
        log.info("Starts at row 1: the task was cleared after its load was complete, so all rows are loaded again")
        return False
    if fresh.attempt.is_of_another_run_than(earlier.attempt, complete=earlier.complete):
        log.info(
            "Starts at row 1: the checkpoint is that of a deleted run with the same id, or a person runs this attempt "
            "again"
        )
        return False
    if earlier.fingerprint["source"] is None and fresh.fingerprint["source"] is None:
        if earlier.duplicates_possible:
            raise CannotResumeError(
                "An earlier attempt of this load was interrupted after it had sent records that would be duplicated if "
                "they were sent twice, and it is not known whether this source returns the same rows in the same order "
                "when it is read again. " + _START_REGARDLESS.format(rows=rows, name=name)
            )
        log.info("Starts at row 1: this source cannot be resumed. Resending its rows is harmless")
        return False
    changed = [what for what, value in fresh.fingerprint.items() if earlier.fingerprint.get(what) != value]
    if changed:
        raise CannotResumeError(
            f"An earlier attempt of this load was interrupted, and since then the {' and the '.join(changed)} changed: "
            "resuming would lose or duplicate rows. Restore the earlier state. "
            + _START_REGARDLESS.format(rows=rows, name=name)
        )
    return True


def _log_resume(earlier: LoadState, row: int, on_unconfirmed: OnUnconfirmed, log: logging.Logger) -> None:
    if earlier.complete:
        log.info(
            "An earlier attempt has loaded every row: nothing is sent, the summary and the rejects file are made again"
        )
        return
    settled = len(earlier.lanes["main"].settled)
    unknown = earlier.lanes["main"].claimed.without(earlier.lanes["main"].settled)
    unknown.update(earlier.lanes["profile"].claimed.without(earlier.lanes["profile"].settled))
    log.info("Resumes at row %s, where an earlier attempt ended: %s rows are settled", f"{row:,}", f"{settled:,}")
    if unknown:
        action = "sent again if that cannot duplicate them, else held" if on_unconfirmed == "hold" else "sent again"
        log.info(
            "Rows that may have been in flight when it was interrupted, at most %s: %s", f"{len(unknown):,}", action
        )


def _log_restart(stored: object, name: str, log: logging.Logger) -> None:
    try:
        earlier = LoadState.read(stored, name)
    except CannotResumeError:
        log.warning("Starts at row 1 because of resume=False; the checkpoint of an earlier attempt could not be read")
        return
    if earlier.touched:
        log.warning(
            "Starts at row 1 because of resume=False: %s rows were settled by an earlier attempt and are loaded again",
            f"{len(earlier.lanes['main'].settled):,}",
        )
    else:
        log.info("Starts at row 1: the earlier attempt sent nothing")
