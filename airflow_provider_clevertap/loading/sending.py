"""Batches go out, several at a time; results come back in the order they are ready."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from airflow_provider_clevertap.loading.delivery import BatchResult, Courier
from airflow_provider_clevertap.loading.packing import Batch

#: Batches made ready beyond those in flight, so that a free place is filled at once.
_READY = 4


class Sender:
    """Sends batches in threads of its own. Used as a context: at its end nothing is in flight any more.

    :param courier: brings each batch to its end.
    :param max_in_flight: how many at a time.
    """

    def __init__(self, courier: Courier, max_in_flight: int) -> None:
        self._courier = courier
        self._most = max_in_flight + _READY
        self._threads = ThreadPoolExecutor(max_in_flight, "clevertap-sender")
        self._sent: set[Future[BatchResult]] = set()
        self._batches: dict[Future[BatchResult], Batch] = {}
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
        self._sent.add(future)
        yield from self._results(block=len(self._sent) > self._most)

    @property
    def idle(self) -> bool:
        """Tell whether no batch is under way."""
        return not self._sent

    def wait(self) -> Iterator[BatchResult]:
        """Wait for at least one result, if any batch is under way."""
        yield from self._results(block=True)

    def drain(self) -> Iterator[BatchResult]:
        """Give the results of every batch still under way."""
        while self._sent:
            yield from self._results(block=True)

    def salvage(self) -> Iterator[BatchResult]:
        """After a failure: let what is in flight end, send nothing more, and give what became of each batch."""
        self._courier.stopping.set()
        for future in self._sent:
            future.cancel()
        yield from self._give()
        while self._sent:
            done, self._sent = wait(self._sent, return_when=FIRST_COMPLETED)
            self._ready.extend(map(self._result, done))
            yield from self._give()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self._courier.stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _results(self, *, block: bool) -> Iterator[BatchResult]:
        if not self._sent:
            return
        done, self._sent = wait(self._sent, timeout=None if block else 0, return_when=FIRST_COMPLETED)
        self._ready.extend(map(self._result, done))
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
