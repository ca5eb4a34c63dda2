"""Batches go out, several at a time; results come back in the order they are ready."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from airflow_provider_clevertap.loading.delivery.batch_delivery import BatchDelivery
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch

#: Batches made ready beyond those in flight, for each of these. Batches come a block at a time: so many fill the free
#: places while the next block is made, at answers after 50 ms or more.
_READY: Final = 2


class Sender:
    """Sends batches in threads of its own. Used as a context: at its end nothing is in flight any more.

    There are twice as many threads as requests in flight: while some batches wait to be sent again, others go out. The
    courier bounds the requests. One at a time means that each batch is brought to its end before the next one begins.

    :param courier: brings each batch to its end.
    :param max_in_flight: how many at a time.
    """

    def __init__(self, courier: BatchDelivery, max_in_flight: int) -> None:
        self._courier = courier
        self._most = max_in_flight * (1 + _READY)
        self._spare = max_in_flight if max_in_flight > 1 else 0
        self._threads = ThreadPoolExecutor(max_in_flight + self._spare, "clevertap-sender")
        self._batches: dict[Future[BatchResult], Batch] = {}
        self._done: queue.SimpleQueue[Future[BatchResult]] = queue.SimpleQueue()
        #: results so far
        self.answered = 0
        #: what is ready and not given away yet: whoever takes the results may fail with one of them
        self._ready: deque[BatchResult] = deque()

    def send(self, batch: Batch) -> Iterator[BatchResult]:
        """Take a batch to send; give the results that are ready, after waiting for one when enough is under way.

        :raises CleverTapError: the first failure of an earlier batch; the load cannot go on.
        """
        # First of all, so that whatever happens from now on its result is among those salvaged.
        future = self._threads.submit(self._courier.deliver, batch)
        self._batches[future] = batch
        future.add_done_callback(self._done.put)
        most = self._most + min(self._courier.backing_off, self._spare)
        yield from self._results(block=len(self._batches) > most)

    @property
    def idle(self) -> bool:
        """Tell whether no batch is under way."""
        return not self._batches

    def wait(self) -> Iterator[BatchResult]:
        """Wait for at least one result, if any batch is under way."""
        yield from self._results(block=True)

    def drain(self) -> Iterator[BatchResult]:
        """Give the results of every batch still under way."""
        while self._batches:
            yield from self._results(block=True)

    def salvage(self) -> Iterator[BatchResult]:
        """After a failure: let what is in flight end, send nothing more, and give what became of each batch."""
        self._courier.stopping.set()
        for future in self._batches:
            future.cancel()
        yield from self._give()
        while self._batches:
            yield self._result(self._done.get())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self._courier.stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _results(self, *, block: bool) -> Iterator[BatchResult]:
        if block and self._batches:
            self._ready.append(self._result(self._done.get()))
        while not self._done.empty():
            self._ready.append(self._result(self._done.get()))
        failed = any(result.failure is not None for result in self._ready)
        yield from self._give()
        if failed:
            raise self._courier.failures[0]

    def _give(self) -> Iterator[BatchResult]:
        while self._ready:
            yield self._ready.popleft()

    def _result(self, future: Future[BatchResult]) -> BatchResult:
        batch = self._batches.pop(future)
        self.answered += 1
        return BatchResult.never_sent(batch) if future.cancelled() else future.result()
