"""Sends several batches at a time in threads, and returns their results in the order in which they finish."""

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

#: Batches prepared beyond those in flight, for each request in flight. The encoder produces batches a block at a time:
#: with answers after 50 ms or more, two fill the free slots while the next block is encoded.
_BATCHES_READY_PER_SLOT: Final = 2


class Sender:
    """Sends batches in threads. A context manager: when it is left, nothing is in flight.

    There are twice as many threads as requests in flight: while some batches wait before a retry, others are sent. The
    number of requests is limited by ``delivery``. With one request at a time there is one thread, so that each batch is
    finished before the next one starts.

    :param delivery: delivers each batch.
    :param max_in_flight: how many requests at a time.
    """

    def __init__(self, delivery: BatchDelivery, max_in_flight: int) -> None:
        self._delivery = delivery
        self._max_batches = max_in_flight * (1 + _BATCHES_READY_PER_SLOT)
        self._spare_threads = max_in_flight if max_in_flight > 1 else 0
        self._threads = ThreadPoolExecutor(max_in_flight + self._spare_threads, "clevertap-sender")
        self._batches: dict[Future[BatchResult], Batch] = {}
        self._done: queue.SimpleQueue[Future[BatchResult]] = queue.SimpleQueue()
        #: how many batches have a result
        self.finished = 0
        #: results not yet returned: the caller may fail while it handles one, and the others must not be lost
        self._ready: deque[BatchResult] = deque()

    def send(self, batch: Batch) -> Iterator[BatchResult]:
        """Start to send a batch, and return the results that are ready. Wait for one if enough batches are under way.

        :raises CleverTapError: the first failure of an earlier batch; the load cannot continue.
        """
        # Submitted before anything that may raise, so that the batch has a result whatever happens.
        future = self._threads.submit(self._delivery.deliver, batch)
        self._batches[future] = batch
        future.add_done_callback(self._done.put)
        max_batches = self._max_batches + min(self._delivery.waiting, self._spare_threads)
        yield from self._results(block=len(self._batches) > max_batches)

    @property
    def idle(self) -> bool:
        """No batch is under way."""
        return not self._batches

    def wait(self) -> Iterator[BatchResult]:
        """Wait for at least one result, if any batch is under way."""
        yield from self._results(block=True)

    def drain(self) -> Iterator[BatchResult]:
        """Return the results of all batches under way."""
        while self._batches:
            yield from self._results(block=True)

    def stop(self) -> Iterator[BatchResult]:
        """Return the results of all batches after a failure: requests in flight finish, and no other is sent."""
        self._delivery.stopping.set()
        for future in self._batches:
            future.cancel()
        yield from self._take_ready()
        while self._batches:
            yield self._result(self._done.get())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self._delivery.stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _results(self, *, block: bool) -> Iterator[BatchResult]:
        if block and self._batches:
            self._ready.append(self._result(self._done.get()))
        while not self._done.empty():
            self._ready.append(self._result(self._done.get()))
        failed = any(result.failure is not None for result in self._ready)
        yield from self._take_ready()
        if failed:
            raise self._delivery.failures[0]

    def _take_ready(self) -> Iterator[BatchResult]:
        while self._ready:
            yield self._ready.popleft()

    def _result(self, future: Future[BatchResult]) -> BatchResult:
        batch = self._batches.pop(future)
        self.finished += 1
        return BatchResult.never_sent(batch) if future.cancelled() else future.result()
