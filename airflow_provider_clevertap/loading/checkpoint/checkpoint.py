"""The checkpoint of a load: from it a later try goes on, with nothing lost and nothing doubled.

Before a batch is sent its rows are claimed, and the claim is durable. What becomes of them follows with the next claim.
So after a process was killed the rows that were claimed and not settled are the only ones whose fate is unknown.
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

#: What of a summary cannot be counted again by reading the source again.
_COUNTED: Final = ("requests", "retries", "resent")

_BROKEN_OFF: Final = RowOutcome(Outcome.UNCONFIRMED, reason=INTERRUPTED)


@dataclass(frozen=True, slots=True)
class ResumedBlock:
    """A block, as far as earlier tries have left it.

    :param encoded: the records that are still to be sent.
    :param settled: the rows whose record had an outcome before.
    :param verdicts: what it was, where it was not accepted.
    """

    encoded: EncodedBlock
    settled: Sequence[int] = ()
    verdicts: Mapping[int, RowOutcome] = field(default_factory=dict)


class Checkpoint:
    """Keeps a load's state, and tells what earlier tries left.

    Kept by the thread that hands out the batches; only :meth:`count_resent` is called by those that send.

    :param store: where it is kept.
    :param state: the state to go on from.
    :param summary: the load's; what only earlier tries could count is put into it.
    :param on_unconfirmed: what becomes of rows of unknown fate that must not be sent twice.
    :param log: told when the store fails.
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
        self._refusals = UnacceptedRows(
            store,
            state.refused_parts,
            lambda name: retry_storage(partial(store.read_part, name), "checkpoint", store.name, log, stopping),
        )
        #: what was written last stands, so that the load is still this process's
        self.kept = False
        lanes = state.lanes.items()
        #: what earlier tries left
        self._settled = {name: RowRanges(lane.settled) for name, lane in lanes}
        self._unknown = {name: lane.claimed.without(lane.settled) for name, lane in lanes}
        self._recalls = state.touched
        self._claimed_all = False
        self._one_at_a_time = threading.RLock()
        for name in _COUNTED:
            setattr(summary, name, state.counts.get(name, 0))
        summary.earlier_seconds = state.seconds
        self._save()

    def recall(self, encoded: EncodedBlock) -> ResumedBlock:
        """Find out what earlier tries have done of a block."""
        if not self._recalls:
            return ResumedBlock(encoded)
        start, rows = encoded.start, encoded.rows
        verdicts = {
            ordinal - start: verdict
            for ordinal, verdict in self._refusals.of(start, start + len(encoded.block)).items()
        }
        if self._hold:
            if encoded.profile_updates is not None:
                reason = _BROKEN_OFF.reason + HELD_BACK
                verdicts |= self._hold_back(encoded.profile_updates, "profile", _BROKEN_OFF._replace(reason=reason))
            verdicts |= self._hold_back(encoded, "main", _BROKEN_OFF)
        over = self._settled["main"].holds(start + rows) | np.isin(rows, list(verdicts))
        left = encoded.filter(~over)
        if left.profile_updates is not None:
            updates = left.profile_updates
            waited_for = ~self._settled["profile"].holds(start + updates.rows) & np.isin(updates.rows, left.rows)
            left = replace(left, profile_updates=updates.filter(waited_for))
        settled = rows[over].tolist()
        return ResumedBlock(left, settled, {row: verdicts[row] for row in settled if row in verdicts})

    def _hold_back(self, encoded: EncodedBlock, lane: Lane, verdict: RowOutcome) -> dict[int, RowOutcome]:
        """Settle the records of unknown fate that must not be sent twice."""
        if encoded.repeatable:
            return {}
        unknown = self._unknown[lane]
        held = encoded.rows[unknown.holds(encoded.start + encoded.rows)].tolist()
        known = self._refusals.of(encoded.start, encoded.start + len(encoded.block))
        held = [row for row in held if encoded.start + row not in known]
        with self._one_at_a_time:
            for row in held:
                self._refusals.add(encoded.start + row, verdict)
            self.state.lanes[lane].settled.update(unknown.within(encoded.start, encoded.start + len(encoded.block)))
        return dict.fromkeys(held, verdict)

    def claim(self, batches: Sequence[Batch]) -> None:
        """Make durable that batches may have been sent from now on.

        :raises StorageUnavailableError: when that cannot be; they must not be sent.
        """
        with self._one_at_a_time:
            for batch in batches:
                self.state.lanes[batch.lane].claimed.add(*batch.span)
                self.state.harmful |= not batch.repeatable
                if self._unknown[batch.lane]:
                    self._summary.resent += int(self._unknown[batch.lane].holds(batch.ordinals()).sum())
            # Rows that cannot be told again need no more than one claim: it says that some may have been sent.
            if not self._claimed_all:
                self._save()
                self._claimed_all = self.state.fingerprint["source"] is None and self.state.harmful

    def count_resent(self, records: int, harmful: bool) -> None:
        """Count records that are sent again, durably where they may be there twice then.

        :raises StorageUnavailableError: when that cannot be; they must not be sent.
        """
        with self._one_at_a_time:
            self._summary.resent += records
            if harmful:
                self._save()

    def settle(self, result: BatchResult) -> None:
        """Note what became of a batch; it is durable with the next claim, or when the load ends."""
        batch = result.batch
        lane = self.state.lanes[batch.lane]
        with self._one_at_a_time:
            if not len(result.unsettled):
                lane.settled.add(*batch.span)
                return
            settled, uncertain = np.setdiff1d(np.arange(len(batch)), result.unsettled), result.possibly_processed()
            lane.settled.update(batch.runs(settled))
            lane.claimed.remove(*batch.span)
            lane.claimed.update(batch.runs(uncertain))
            # That this try did not send them says nothing of an earlier one.
            unknown = self._unknown[batch.lane]
            lane.claimed.update(unknown.within(*batch.span))
            never_sent = np.setdiff1d(result.unsettled, uncertain)
            self._summary.resent -= int(unknown.holds(batch.ordinals()[never_sent]).sum())

    def refuse(self, ordinal: int, verdict: RowOutcome) -> None:
        """Note the verdict on a row that was not accepted."""
        with self._one_at_a_time:
            self._refusals.add(ordinal, verdict)

    def settle_rest(self, rows: int) -> None:
        """Note that every row is settled, durably.

        :param rows: how many there are.
        :raises StorageUnavailableError: when that cannot be written.
        :raises SupersededError: when a later attempt has the load; the files it leaves are not for this one to write.
        """
        self.state.lanes["main"].settled.add(0, rows)
        for lane in self.state.lanes.values():
            lane.claimed = RowRanges()
        self._save_or_break_off()

    def complete(self) -> None:
        """Note that the load has left everything it is to leave.

        :raises StorageUnavailableError: when that cannot be written.
        """
        self.state.complete = True
        self._save_or_break_off()

    def _save_or_break_off(self) -> None:
        try:
            self._save()
        except (StorageUnavailableError, SupersededError):
            self.break_off()
            raise

    def break_off(self) -> None:
        """Note how far a load came that ends early: only what is in doubt, or not known of, stays claimed."""
        try:
            self._save(last=True)
        except Exception as error:  # the load has failed of something else, and earlier claims still stand
            self._log.warning("The checkpoint was not brought up to date: %s", escape_unprintable(error))

    def _save(self, *, last: bool = False) -> None:
        state, summary = self.state, self._summary
        for lane in state.lanes.values():
            lane.claimed = lane.claimed.without(lane.settled)
        state.counts = {name: getattr(summary, name) for name in _COUNTED}
        state.seconds = summary.seconds
        state.refused_parts = self._refusals.parts

        def write() -> None:
            self._refusals.save()  # first: the state tells that these rows are settled
            (self._store.save_last if last else self._store.save)(state.to_dict())

        self.kept = False
        retry_storage(write, "checkpoint", self._store.name, self._log, self._stopping)
        self.kept = True
