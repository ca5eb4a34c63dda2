"""The checkpoint of a load, from which a later attempt resumes without losing or duplicating rows.

Before a batch is sent its rows are claimed, and the claim is durable. Their outcomes are saved with the next claim. So
after a process was killed, the rows that were claimed and not settled are the only ones whose result is unknown.
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
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.storage.retry import retry_storage

#: Counts of the summary that reading the source again does not restore.
_STORED_COUNTS: Final = ("requests", "retries", "resent")

_UNCONFIRMED: Final = RowOutcome(Outcome.UNCONFIRMED, reason=INTERRUPTED)


@dataclass(frozen=True, slots=True)
class ResumedBlock:
    """A block after the results of earlier attempts were applied.

    :param encoded: the block with the records that are still to be sent.
    :param settled: the rows whose record has an outcome already.
    :param outcomes: the outcomes of those that were not accepted.
    """

    encoded: EncodedBlock
    settled: Sequence[int] = ()
    outcomes: Mapping[int, RowOutcome] = field(default_factory=dict)


class Checkpoint:
    """Saves the state of a load, and applies the results of earlier attempts.

    Used by the thread that dispatches the batches; the sending threads call only :meth:`record_resend`.

    :param store: the storage.
    :param state: the state at the start of this attempt.
    :param summary: the load's summary; counts of earlier attempts are added to it.
    :param on_unconfirmed: what happens to rows with an unknown result that would be duplicated if sent twice.
    :param log: the log for failures of the storage.
    :param stopping: set when the load is to end.
    """

    def __init__(
        self,
        store: CheckpointStore,
        state: LoadState,
        summary: Summary,
        *,
        on_unconfirmed: OnUnconfirmed,
        log: logging.Logger,
        stopping: threading.Event,
    ) -> None:
        self._store = store
        self.state = state
        self._summary = summary
        self._hold = on_unconfirmed == "hold"
        self._log = log
        self._stopping = stopping
        self._unaccepted = UnacceptedRows(
            store,
            state.unaccepted_parts,
            lambda name: retry_storage(partial(store.read_part, name), "checkpoint", store.name, log, stopping),
        )
        #: the last save succeeded, so this process still owns the load
        self.saved = False
        lanes = state.lanes.items()
        #: the rows that earlier attempts settled, and those they claimed without a result
        self._settled = {name: RowRanges(lane.settled) for name, lane in lanes}
        self._unknown = {name: lane.claimed.without(lane.settled) for name, lane in lanes}
        self._resumes = state.touched
        self._claimed_all = False
        self._lock = threading.RLock()
        for name in _STORED_COUNTS:
            setattr(summary, name, state.counts.get(name, 0))
        summary.earlier_seconds = state.seconds
        self._save()

    def resume_block(self, encoded: EncodedBlock) -> ResumedBlock:
        """Apply the results of earlier attempts to a block."""
        if not self._resumes:
            return ResumedBlock(encoded)
        start, rows = encoded.start, encoded.rows
        earlier = self._unaccepted.between(start, start + len(encoded.block))
        outcomes = {ordinal - start: outcome for ordinal, outcome in earlier.items()}
        if self._hold:
            if encoded.profile_updates is not None:
                held_back = _UNCONFIRMED._replace(reason=_UNCONFIRMED.reason + HELD_BACK)
                outcomes |= self._hold_unknown(encoded.profile_updates, "profile", held_back)
            outcomes |= self._hold_unknown(encoded, "main", _UNCONFIRMED)
        done = self._settled["main"].contains(start + rows) | np.isin(rows, list(outcomes))
        rest = encoded.filter(~done)
        if rest.profile_updates is not None:
            updates = rest.profile_updates
            needed = ~self._settled["profile"].contains(start + updates.rows) & np.isin(updates.rows, rest.rows)
            rest = replace(rest, profile_updates=updates.filter(needed))
        settled = rows[done].tolist()
        return ResumedBlock(rest, settled, {row: outcomes[row] for row in settled if row in outcomes})

    def _hold_unknown(self, encoded: EncodedBlock, lane: Lane, outcome: RowOutcome) -> dict[int, RowOutcome]:
        """Settle the records with an unknown result that must not be sent twice, and return their outcomes."""
        if encoded.repeatable:
            return {}
        unknown = self._unknown[lane]
        held = encoded.rows[unknown.contains(encoded.start + encoded.rows)].tolist()
        known = self._unaccepted.between(encoded.start, encoded.start + len(encoded.block))
        held = [row for row in held if encoded.start + row not in known]
        with self._lock:
            for row in held:
                self._unaccepted.add(encoded.start + row, outcome)
            self.state.lanes[lane].settled.update(unknown.within(encoded.start, encoded.start + len(encoded.block)))
        return dict.fromkeys(held, outcome)

    def claim(self, batches: Sequence[Batch]) -> None:
        """Save that batches may be sent from now on.

        :raises StorageUnavailableError: when it cannot be saved; the batches must not be sent.
        """
        with self._lock:
            for batch in batches:
                self.state.lanes[batch.lane].claimed.add(*batch.span)
                self.state.duplicates_possible |= not batch.repeatable
                if self._unknown[batch.lane]:
                    self._summary.resent += int(self._unknown[batch.lane].contains(batch.ordinals()).sum())
            # Rows that cannot be identified in a later attempt need only one claim: that some of them may have been
            # sent.
            if not self._claimed_all:
                self._save()
                self._claimed_all = self.state.fingerprint["source"] is None and self.state.duplicates_possible

    def record_resend(self, records: int, duplicates: bool) -> None:
        """Count records that are resent.

        :param records: how many; negative to take back an earlier call.
        :param duplicates: they may be duplicated; the count is then saved before they are resent.
        :raises StorageUnavailableError: when it cannot be saved; the records must not be resent.
        """
        with self._lock:
            self._summary.resent += records
            if duplicates:
                self._save()

    def record_result(self, result: BatchResult) -> None:
        """Record which rows of a batch are settled. It is saved with the next claim, or when the load ends."""
        batch = result.batch
        lane = self.state.lanes[batch.lane]
        with self._lock:
            if not len(result.unsettled):
                lane.settled.add(*batch.span)
                return
            settled = np.setdiff1d(np.arange(len(batch)), result.unsettled)
            possibly_processed = result.possibly_processed()
            lane.settled.update(batch.runs(settled))
            lane.claimed.remove(*batch.span)
            lane.claimed.update(batch.runs(possibly_processed))
            # That this attempt did not send them does not mean that an earlier attempt did not.
            unknown = self._unknown[batch.lane]
            lane.claimed.update(unknown.within(*batch.span))
            never_sent = np.setdiff1d(result.unsettled, possibly_processed)
            self._summary.resent -= int(unknown.contains(batch.ordinals()[never_sent]).sum())

    def record_unaccepted(self, ordinal: int, outcome: RowOutcome) -> None:
        """Record the outcome of a row that was not accepted."""
        with self._lock:
            self._unaccepted.add(ordinal, outcome)

    def save_all_settled(self, rows: int) -> None:
        """Save that every row is settled.

        :param rows: the number of rows of the source.
        :raises StorageUnavailableError: when it cannot be saved.
        :raises SupersededError: when a later attempt owns the load; this one must not publish its files.
        """
        self.state.lanes["main"].settled.add(0, rows)
        for lane in self.state.lanes.values():
            lane.claimed = RowRanges()
        self._save_or_interrupt()

    def save_complete(self) -> None:
        """Save that the load is complete and its files are published.

        :raises StorageUnavailableError: when it cannot be saved.
        """
        self.state.complete = True
        self._save_or_interrupt()

    def _save_or_interrupt(self) -> None:
        try:
            self._save()
        except (StorageUnavailableError, SupersededError):
            self.save_interrupted()
            raise

    def save_interrupted(self) -> None:
        """Save the state of a load that ends early: only rows with an unknown result stay claimed."""
        try:
            self._save(last=True)
        except Exception as error:  # the load has failed for another reason, and earlier claims are still saved
            self._log.warning("The last state of the checkpoint was not saved: %s", escape_unprintable(error))

    def _save(self, *, last: bool = False) -> None:
        state, summary = self.state, self._summary
        for lane in state.lanes.values():
            lane.claimed = lane.claimed.without(lane.settled)
        state.counts = {name: getattr(summary, name) for name in _STORED_COUNTS}
        state.seconds = summary.seconds
        state.unaccepted_parts = self._unaccepted.parts

        def write() -> None:
            self._unaccepted.save()  # first, because the state says that these rows are settled
            (self._store.save_last if last else self._store.save)(state.to_dict())

        self.saved = False
        retry_storage(write, "checkpoint", self._store.name, self._log, self._stopping)
        self.saved = True
