"""Send records in the order of their rows, and each event only after the profile update that precedes it."""

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

#: Seconds: batches that go out in less time are claimed more at a time, up to so many times as many.
_OFTEN: Final = 0.1
_LONGEST_STRIDE: Final = 4


class Dispatch:
    """Packs and sends blocks of records, and notes what became of them.

    Profile updates have batches of their own. A block's main records are released when all its profile updates have an
    outcome and the blocks before it are released; meanwhile the profile updates of later blocks are sent.

    :param kind: the kind of the main records.
    :param bytes_per_batch: the most bytes of a request.
    :param sender: sends the batches.
    :param ledger: keeps account of the rows; each block is entered before it comes here.
    :param most_open_rows: rows kept in memory while one batch is held up; beyond it no block is taken.
    :param checkpoint: told of batches before they are sent; ``None`` for none.
    :param stride: batches it is told of at once, where so many are ready; more of them while that happens so often
        that it would be felt.
    """

    def __init__(
        self,
        kind: RecordKind,
        bytes_per_batch: int,
        sender: Sender,
        ledger: Ledger,
        *,
        most_open_rows: int,
        checkpoint: Checkpoint | None = None,
        stride: int = 1,
    ) -> None:
        self._checkpoint = checkpoint
        self._stride = self._least_stride = stride
        self._claimed_at = 0.0
        self._answered = 0
        self._packer = Batcher(kind.records_per_call, bytes_per_batch)
        self._profile_batcher = Batcher((kind.profile_update_kind or kind).records_per_call, bytes_per_batch, "profile")
        self._waiting: deque[EncodedBlock] = deque()
        self._sender = sender
        self._ledger = ledger
        self._most_open_rows = most_open_rows

    def take(self, encoded: EncodedBlock) -> None:
        """Take a block, and wait until there is room for another one.

        :raises CleverTapError: the first failure of a batch; the load cannot go on.
        """
        if encoded.profile_updates is None:
            self._send(self._packer.add(encoded))
        else:
            self._waiting.append(encoded)
            self._send(self._profile_batcher.add(encoded.profile_updates))
            self._release()
        while self._ledger.open_rows > self._most_open_rows:
            if self._sender.idle:  # what is open waits in the packers for a batch to be full
                self._send(self._profile_batcher.finish())
                self._send(self._packer.finish())
            self._wait()

    def finish(self) -> None:
        """Send what is left, and wait for the last outcome.

        :raises CleverTapError: the first failure of a batch.
        """
        self._send(self._profile_batcher.finish())
        while self._waiting:
            self._wait()
        self._send(self._packer.finish())
        self._ledger.settle_all(self._sender.drain())

    def _send(self, batches: Iterable[Batch]) -> None:
        ready = iter(batches)
        while several := list(islice(ready, self._stride)):
            try:
                self._claim(several)
                while several:
                    self._ledger.settle_all(self._sender.send(several.pop(0)))
            except BaseException:
                if self._checkpoint is not None:
                    for batch in several:
                        self._checkpoint.settle(BatchResult.never_sent(batch))
                raise

    def _claim(self, batches: list[Batch]) -> None:
        if self._checkpoint is None:
            return
        now = time.monotonic()
        # The first batches only fill the sender; how fast they go out is known once there are answers.
        answered, self._answered = self._sender.finished - self._answered, self._sender.finished
        if answered and len(batches) == self._stride and now - self._claimed_at < _OFTEN:
            self._stride = min(self._stride * 2, self._least_stride * _LONGEST_STRIDE)
        elif now - self._claimed_at > 2 * _OFTEN:
            self._stride = max(self._stride // 2, self._least_stride)
        self._claimed_at = now
        self._checkpoint.claim(batches)

    def _wait(self) -> None:
        self._ledger.settle_all(self._sender.wait())
        self._release()

    def _release(self) -> None:
        """Send the main records that wait for nothing any more."""
        while self._waiting and self._ledger.profile_updates_settled(self._waiting[0]):
            piece = self._ledger.still_to_send(self._waiting.popleft())
            if piece is not None:
                self._send(self._packer.add_piece(piece))
