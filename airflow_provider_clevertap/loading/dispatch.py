"""The batches to send, in the order of their rows, and after the profile updates that precede them."""

from __future__ import annotations

from collections import deque

from airflow_provider_clevertap.loading.delivery.batches import Batch, Batcher, Lane
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.record_kinds import RecordKind


class BatchQueue:
    """Puts the records of blocks into batches and keeps them until they are taken.

    Profile updates that precede other records have batches of their own. A block's main records follow when all its
    profile updates have an outcome and the blocks before it have been released; meanwhile the profile updates of later
    blocks are ready to send.

    :param kind: the kind of the main records.
    :param bytes_per_batch: the maximum size of a request, in bytes.
    :param ledger: knows which rows have an outcome.
    """

    def __init__(self, kind: RecordKind, bytes_per_batch: int, ledger: Ledger) -> None:
        self._main = _batcher(kind, bytes_per_batch, "main")
        self._profiles = _batcher(kind.profile_update_kind or kind, bytes_per_batch, "profile")
        self._waiting: deque[EncodedBlock] = deque()
        self._ready: deque[Batch] = deque()
        self._ledger = ledger
        self._complete = False

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def exhausted(self) -> bool:
        """Return whether the source has ended and every batch has been taken."""
        return self._complete and not self._waiting and not self._ready

    def add(self, encoded: EncodedBlock) -> None:
        """Add the records of a registered block."""
        if encoded.profile_updates is None:
            self._ready.extend(self._main.add(encoded))
            return
        self._waiting.append(encoded)
        self._ready.extend(self._profiles.add(encoded.profile_updates))
        self.release()

    def release(self) -> None:
        """Make the main records ready whose profile updates have their outcomes."""
        while self._waiting and self._ledger.profile_updates_settled(self._waiting[0]):
            remaining = self._ledger.records_to_send(self._waiting.popleft())
            if remaining is not None:
                self._ready.extend(self._main.add_slice(remaining))
        if self._complete and not self._waiting:
            self._ready.extend(self._main.finish())

    def flush(self) -> None:
        """Make incomplete batches ready as well: nothing else may be sent, and memory is short."""
        self._ready.extend(self._profiles.finish())
        self._ready.extend(self._main.finish())

    def complete(self) -> None:
        """Record that no block follows."""
        self._complete = True
        self._ready.extend(self._profiles.finish())
        self.release()

    def take(self, number: int) -> list[Batch]:
        """Return the next batches, at most ``number`` of them."""
        return [self._ready.popleft() for _ in range(min(number, len(self._ready)))]


def _batcher(kind: RecordKind, bytes_per_batch: int, lane: Lane) -> Batcher:
    return Batcher(kind.records_per_call, bytes_per_batch, lane, endpoint=kind.endpoint, envelope=kind.envelope)
