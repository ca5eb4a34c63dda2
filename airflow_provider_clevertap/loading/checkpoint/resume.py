"""Which try of a load this is: one that starts at row 1, or one that goes on where an earlier one ended."""

from __future__ import annotations

import logging
import threading

from airflow_provider_clevertap.exceptions import CannotResumeError
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
from airflow_provider_clevertap.loading.options import OnUnconfirmed
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.storage.retry import retry_storage

_REGARDLESS = (
    "To start at row 1 regardless, which loads again the {rows:,} rows that were settled, set resume=False or remove "
    "the checkpoint: {name}."
)


def resume_or_start(
    store: CheckpointStore,
    fresh: LoadState,
    summary: Summary,
    *,
    resume: bool,
    on_unconfirmed: OnUnconfirmed,
    log: logging.Logger,
    stopping: threading.Event,
) -> Checkpoint:
    """Look at what an earlier try left, say in the log what follows from it, and take the load over.

    :param store: where the checkpoint is.
    :param fresh: the state of a load that starts at row 1 now.
    :param summary: the load's.
    :param resume: ``False`` starts at row 1 whatever there is.
    :param on_unconfirmed: see :class:`Checkpoint`.
    :param log: the task's log.
    :param stopping: set when the load is to end.
    :raises CannotResumeError: when the load can neither be gone on with nor be started again without harm.
    :raises OvertakenError: when yet another try has begun meanwhile.
    """
    stored = retry_storage(store.load, "checkpoint", store.name, log, stopping)
    state = _state_to_go_on_from(stored, fresh, store.name, resume=resume, log=log)
    if state is not fresh:
        summary.resumed_from_row = state.lanes["main"].settled.from_the_first + 1
        _tell_of_going_on(state, summary.resumed_from_row, on_unconfirmed, log)
    if state.fingerprint["source"] is None:
        log.info(
            "A later try of this load would start at row 1 too: nothing says that the source gives the same rows in "
            "the same order when it is read again. Files and frames do; a SqlSource does with resumable=True."
        )
    return Checkpoint(store, state, summary, on_unconfirmed=on_unconfirmed, log=log, stopping=stopping)


def _state_to_go_on_from(
    stored: object | None, fresh: LoadState, name: str, *, resume: bool, log: logging.Logger
) -> LoadState:
    if stored is None:
        log.info("Starts at row 1: no earlier try has left a checkpoint")
    elif not resume:
        _tell_of_overwriting(stored, name, log)
    else:
        found = LoadState.read(stored, name)
        if _goes_on(found, fresh, name, log):
            found.series = fresh.series
            return found
    return fresh


def _goes_on(found: LoadState, fresh: LoadState, name: str, log: logging.Logger) -> bool:
    """Tell whether the load is to be gone on with; if not, say why it starts at row 1."""
    rows = len(found.lanes["main"].settled)
    if not found.touched:
        log.info("Starts at row 1: the earlier try sent nothing")
        if found.fingerprint == fresh.fingerprint:  # what it tried in vain belongs to the load all the same
            fresh.counts, fresh.seconds = found.counts, found.seconds
        return False
    if found.complete and found.series != fresh.series:
        log.info("Starts at row 1: the task was cleared after its load was complete, so all rows are loaded again")
        return False
    if found.fingerprint["source"] is None and fresh.fingerprint["source"] is None:
        if found.harmful:
            raise CannotResumeError(
                "An earlier try of this load was broken off after records had been sent that must not be sent twice, "
                "and nothing says that this source gives the same rows in the same order when it is read again. "
                + _REGARDLESS.format(rows=rows, name=name)
            )
        log.info("Starts at row 1: this source cannot be gone on with. What is sent again has the same effect as once")
        return False
    changed = [what for what, value in fresh.fingerprint.items() if found.fingerprint.get(what) != value]
    if changed:
        raise CannotResumeError(
            f"An earlier try of this load was broken off, and since then the {' and the '.join(changed)} changed: to "
            "go on would lose or double rows. Put back what was there. " + _REGARDLESS.format(rows=rows, name=name)
        )
    return True


def _tell_of_going_on(found: LoadState, row: int, on_unconfirmed: OnUnconfirmed, log: logging.Logger) -> None:
    if found.complete:
        log.info(
            "An earlier try has loaded every row: nothing is sent, the summary and the rejects file are made again"
        )
        return
    main = found.lanes["main"]
    unknown = main.claimed.without(main.settled)
    unknown.update(found.lanes["profile"].claimed.without(found.lanes["profile"].settled))
    log.info("Goes on at row %s, where an earlier try ended: %s rows are settled", f"{row:,}", f"{len(main.settled):,}")
    if unknown:
        fate = "sent again where that does no harm, else held" if on_unconfirmed == "hold" else "sent again"
        log.info(
            "Rows that may have been on their way when it was broken off, at most %s: %s", f"{len(unknown):,}", fate
        )


def _tell_of_overwriting(stored: object, name: str, log: logging.Logger) -> None:
    try:
        found = LoadState.read(stored, name)
    except CannotResumeError:
        log.warning("Starts at row 1 because of resume=False; the checkpoint of an earlier try could not be read")
        return
    if found.touched:
        log.warning(
            "Starts at row 1 because of resume=False: %s rows were settled by an earlier try and are loaded again",
            f"{len(found.lanes['main'].settled):,}",
        )
    else:
        log.info("Starts at row 1: the earlier try sent nothing")
