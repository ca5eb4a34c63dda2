"""The checkpoint of a load: a later attempt resumes from it, and no row is lost or sent twice without need.

Before a batch is sent, its rows are claimed, and the claim is durable. Its outcomes are saved with the next claim. So
when a process is killed, the rows that were claimed and not settled are the only ones that may have been processed
without a record of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np

from airflow_provider_clevertap.exceptions import StorageUnavailableError, SupersededError, escape_unprintable
from airflow_provider_clevertap.loading.checkpoint.row_ranges import RowRanges
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
from airflow_provider_clevertap.loading.checkpoint.unaccepted_rows import UnacceptedRows
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch, Lane
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.options import OnUnconfirmed
from airflow_provider_clevertap.loading.outcomes.outcome import HELD_BACK, INTERRUPTED, Outcome, RowOutcome
from airflow_provider_clevertap.loading.outcomes.summary import Counts
from airflow_provider_clevertap.storage.retry import retry_storage

#: Counts that reading the source again cannot restore.
_COUNTED: Final = ("requests", "retries", "resent")

_UNCONFIRMED: Final = RowOutcome(Outcome.UNCONFIRMED, reason=INTERRUPTED)


@dataclass(frozen=True, slots=True)
class ResumedBlock:
    """A block, as far as earlier attempts have left it.

    :param encoded: the records that are still to be sent.
    :param settled: the rows whose record had an outcome before.
    :param outcomes: of those that were not accepted.
    """

    encoded: EncodedBlock
    settled: Sequence[int] = ()
    outcomes: Mapping[int, RowOutcome] = field(default_factory=dict)


class Checkpoint:
    """Keeps the state of a load. Used by one thread.

    :param store: where it is kept.
    :param state: the state to resume from.
    :param counts: the load's; those that only earlier attempts could count are put into it.
    :param on_unconfirmed: what happens to rows that may have been processed and must not be sent twice.
    :param log: the log for warnings when the store fails.
    :param stopping: set when the load is asked to stop.
    """

    def __init__(
        self,
        store: CheckpointStore,
        state: LoadState,
        counts: Counts,
        *,
        on_unconfirmed: OnUnconfirmed,
        log: logging.Logger,
        stopping: threading.Event,
    ) -> None:
        self._store = store
        self.state = state
        self._hold = on_unconfirmed == "hold"
        self._log = log
        self._stopping = stopping
        self._unaccepted = UnacceptedRows(
            store,
            state.unaccepted_parts,
            lambda name: retry_storage(partial(store.read_part, name), "checkpoint", store.name, log, stopping),
        )
        #: the latest save succeeded, so that the load is still this process's
        self.saved = False
        lanes = state.lanes.items()
        #: what earlier attempts left
        self._settled = {name: RowRanges(lane.settled) for name, lane in lanes}
        self._unknown = {name: lane.claimed.without(lane.settled) for name, lane in lanes}
        self._resumes = state.touched
        #: one claim stands for the whole load, so that nothing need be saved until its end
        self._claimed_all = False
        for name in _COUNTED:
            setattr(counts, name, state.counts.get(name, 0))
        counts.earlier_seconds = state.seconds
        self._save(counts)

    def resume_block(self, encoded: EncodedBlock) -> ResumedBlock:
        """Return what earlier attempts have left of a block."""
        if not self._resumes:
            return ResumedBlock(encoded)
        start, rows = encoded.start, encoded.rows
        known = self._unaccepted.between(start, start + len(encoded.block))
        outcomes = {ordinal - start: outcome for ordinal, outcome in known.items()}
        if self._hold:
            if encoded.profile_updates is not None:
                held = _UNCONFIRMED._replace(reason=_UNCONFIRMED.reason + HELD_BACK)
                outcomes |= self._hold_back(encoded.profile_updates, "profile", held)
            outcomes |= self._hold_back(encoded, "main", _UNCONFIRMED)
        settled = self._settled["main"].contains(start + rows) | np.isin(rows, list(outcomes))
        left = encoded.filter(~settled)
        if left.profile_updates is not None:
            updates = left.profile_updates
            needed = ~self._settled["profile"].contains(start + updates.rows) & np.isin(updates.rows, left.rows)
            left = replace(left, profile_updates=updates.filter(needed))
        settled_rows = rows[settled].tolist()
        return ResumedBlock(left, settled_rows, {row: outcomes[row] for row in settled_rows if row in outcomes})

    def _hold_back(self, encoded: EncodedBlock, lane: Lane, outcome: RowOutcome) -> dict[int, RowOutcome]:
        """Settle the records that may have been processed and must not be sent twice."""
        if encoded.repeatable:
            return {}
        start, stop = encoded.start, encoded.start + len(encoded.block)
        unknown = self._unknown[lane]
        held = encoded.rows[unknown.contains(start + encoded.rows)].tolist()
        known = self._unaccepted.between(start, stop)
        held = [row for row in held if start + row not in known]
        for row in held:
            self._unaccepted.add(start + row, outcome)
        self.state.lanes[lane].settled.update(unknown.within(start, stop))
        return dict.fromkeys(held, outcome)

    def claim(self, batches: Sequence[Batch]) -> int:
        """Claim batches: with the next :meth:`save` it is durable that they may have been sent.

        :return: how many of their records an earlier attempt may have sent.
        """
        resent = 0
        for batch in batches:
            self.state.lanes[batch.lane].claimed.add(*batch.span)
            self.state.duplicates_possible |= not batch.repeatable
            if self._unknown[batch.lane]:
                resent += int(self._unknown[batch.lane].contains(batch.ordinals()).sum())
        return resent

    def settle(self, result: BatchResult) -> int:
        """Record the result of a batch.

        :return: how many of its records, claimed again after an earlier attempt, were not sent after all.
        """
        batch = result.batch
        lane = self.state.lanes[batch.lane]
        if not len(result.unsettled):
            lane.settled.add(*batch.span)
            return 0
        settled = np.setdiff1d(np.arange(len(batch)), result.unsettled, assume_unique=True)
        in_doubt = result.in_doubt()
        lane.settled.update(batch.runs(settled))
        lane.claimed.remove(*batch.span)
        lane.claimed.update(batch.runs(in_doubt))
        # That this attempt did not send them says nothing of an earlier one.
        unknown = self._unknown[batch.lane]
        lane.claimed.update(unknown.within(*batch.span))
        never_sent = np.setdiff1d(result.unsettled, in_doubt, assume_unique=True)
        return int(unknown.contains(batch.ordinals()[never_sent]).sum())

    def record(self, ordinal: int, outcome: RowOutcome) -> None:
        """Record the outcome of a row that was not accepted."""
        self._unaccepted.add(ordinal, outcome)

    def settle_all(self, rows: int) -> None:
        """Record that every row of the source is settled.

        :param rows: how many there are.
        """
        self.state.lanes["main"].settled.add(0, rows)
        for lane in self.state.lanes.values():
            lane.claimed = RowRanges()

    def complete(self, counts: Counts) -> None:
        """Make durable that the files of the load are published, and nothing remains to be done.

        :raises StorageUnavailableError: when that is impossible.
        """
        self.state.complete = True
        self.save_or_interrupt(counts)

    def save(self, counts: Counts) -> None:
        """Make the state durable.

        A source that cannot be read again in the same order needs one claim only: that records may have been sent.

        :raises StorageUnavailableError: when that is impossible.
        :raises SupersededError: when a later attempt has taken the load over.
        """
        if not self._claimed_all:
            self._save(counts)
            self._claimed_all = self.state.fingerprint["source"] is None and self.state.duplicates_possible

    def save_or_interrupt(self, counts: Counts) -> None:
        """Make the state durable at the end of the load; where that fails, keep it where a later attempt looks.

        :raises StorageUnavailableError: when that is impossible.
        :raises SupersededError: when a later attempt has taken the load over; its files are not to be replaced.
        """
        try:
            self._save(counts)
        except (StorageUnavailableError, SupersededError):
            self.save_interrupted(counts)
            raise

    def save_interrupted(self, counts: Counts) -> None:
        """Save how far a load came before it ended early: only rows that may have been processed stay claimed."""
        try:
            self._save(counts, last=True)
        except Exception as error:  # the load has failed for another reason, and earlier claims still hold
            self._log.warning("The last state of the checkpoint was not saved: %s", escape_unprintable(error))

    def _save(self, counts: Counts, *, last: bool = False) -> None:
        state = self.state
        for lane in state.lanes.values():
            lane.claimed = lane.claimed.without(lane.settled)
        state.counts = {name: getattr(counts, name) for name in _COUNTED}
        state.seconds = counts.seconds
        state.unaccepted_parts = self._unaccepted.parts

        def write() -> None:
            self._unaccepted.save()  # first: the state says that these rows are settled
            (self._store.save_last if last else self._store.save)(state.to_dict())

        self.saved = False
        retry_storage(write, "checkpoint", self._store.name, self._log, self._stopping)
        self.saved = True
