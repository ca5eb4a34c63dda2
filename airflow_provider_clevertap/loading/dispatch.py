"""Sends records in the order of their rows, and each event only after the profile update that precedes it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch, Batcher
from airflow_provider_clevertap.loading.delivery.sender import Sender
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.record_kinds import RecordKind

#: Seconds: when claims follow each other faster than this, each claims more batches, up to so many times as many. A
#: claim is a write to storage, and many of them would slow the load down.
_CLAIM_INTERVAL: Final = 0.1
_MAX_CLAIM_GROWTH: Final = 4


class Dispatch:
    """Batches and sends the records of blocks, and passes the results to the ledger.

    Profile updates have batches of their own. A block's main records are released when all its profile updates have an
    outcome and the blocks before it are released; meanwhile the profile updates of later blocks are sent.

    :param kind: the kind of the main records.
    :param bytes_per_batch: the maximum size of a request.
    :param sender: sends the batches.
    :param ledger: tracks the rows; each block is registered there first.
    :param max_open_rows: rows held in memory while a batch is delayed; above it :meth:`add` waits.
    :param checkpoint: claims batches before they are sent; ``None`` for none.
    :param claim_size: the least number of batches that one claim covers, if as many are ready.
    """

    def __init__(
        self,
        kind: RecordKind,
        bytes_per_batch: int,
        sender: Sender,
        ledger: Ledger,
        *,
        max_open_rows: int,
        checkpoint: Checkpoint | None = None,
        claim_size: int = 1,
    ) -> None:
        self._checkpoint = checkpoint
        self._claim_size = self._min_claim_size = claim_size
        self._claimed_at = 0.0
        self._finished_before = 0
        self._batcher = Batcher(kind.records_per_call, bytes_per_batch)
        self._profile_batcher = Batcher((kind.profile_update_kind or kind).records_per_call, bytes_per_batch, "profile")
        self._waiting: deque[EncodedBlock] = deque()
        self._sender = sender
        self._ledger = ledger
        self._max_open_rows = max_open_rows

    def add(self, encoded: EncodedBlock) -> None:
        """Add a block, and wait until there is room for another one.

        :raises CleverTapError: the first failure of a batch; the load cannot continue.
        """
        if encoded.profile_updates is None:
            self._send(self._batcher.add(encoded))
        else:
            self._waiting.append(encoded)
            self._send(self._profile_batcher.add(encoded.profile_updates))
            self._release()
        while self._ledger.open_rows > self._max_open_rows:
            if self._sender.idle:  # the open rows are in batches that are not full yet
                self._send(self._profile_batcher.finish())
                self._send(self._batcher.finish())
            self._wait()

    def finish(self) -> None:
        """Send the remaining records, and wait for the last result.

        :raises CleverTapError: the first failure of a batch.
        """
        self._send(self._profile_batcher.finish())
        while self._waiting:
            self._wait()
        self._send(self._batcher.finish())
        self._ledger.settle_all(self._sender.drain())

    def _send(self, batches: Iterable[Batch]) -> None:
        remaining = iter(batches)
        while claimed := list(islice(remaining, self._claim_size)):
            try:
                self._claim(claimed)
                while claimed:
                    self._ledger.settle_all(self._sender.send(claimed.pop(0)))
            except BaseException:
                if self._checkpoint is not None:
                    for batch in claimed:
                        self._checkpoint.record_result(BatchResult.never_sent(batch))
                raise

    def _claim(self, batches: list[Batch]) -> None:
        if self._checkpoint is None:
            return
        now = time.monotonic()
        # The first batches only fill the sender. How fast batches are sent is known once there are results.
        finished = self._sender.finished - self._finished_before
        self._finished_before = self._sender.finished
        if finished and len(batches) == self._claim_size and now - self._claimed_at < _CLAIM_INTERVAL:
            self._claim_size = min(self._claim_size * 2, self._min_claim_size * _MAX_CLAIM_GROWTH)
        elif now - self._claimed_at > 2 * _CLAIM_INTERVAL:
            self._claim_size = max(self._claim_size // 2, self._min_claim_size)
        self._claimed_at = now
        self._checkpoint.claim(batches)

    def _wait(self) -> None:
        self._ledger.settle_all(self._sender.wait())
        self._release()

    def _release(self) -> None:
        """Send the main records of the blocks at the front whose profile updates are settled."""
        while self._waiting and self._ledger.profile_updates_settled(self._waiting[0]):
            records = self._ledger.unsettled_records(self._waiting.popleft())
            if records is not None:
                self._send(self._batcher.add_slice(records))
