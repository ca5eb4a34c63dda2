"""The way of the rows through a load: blocks become batches, batches are claimed and sent, answers become outcomes.

::

    source -> encoder --> register --> batch queue --> claim --> send ===> CleverTap
    (thread of the caller)    |             ^                      |   (threads of transport)
                              |             | profile updates      v
                              +-------> ledger <----- settle <--- answer

Everything that has a state is used by one thread, that of the conductor. The source is read by the thread that started
the load, and the transport has threads of its own; both put what they have into one mailbox, from which the conductor
takes it.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final, TypeAlias

from airflow_provider_clevertap.exceptions import LoadStoppedError
from airflow_provider_clevertap.loading.delivery.batch_delivery import BatchDelivery
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.delivery.deliveries import Attempt, Deliveries, Step
from airflow_provider_clevertap.loading.delivery.transport import Completed
from airflow_provider_clevertap.loading.dispatch import BatchQueue
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.outcomes.progress import Progress
from airflow_provider_clevertap.loading.reader import ReadBlock, Reader, SourceEnded
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS

#: Rows kept in memory while one batch is held up; reading waits beyond it.
MAX_OPEN_ROWS: Final = 8 * BLOCK_ROWS
#: Seconds after which outcomes are saved although no claim is due, and the longest wait before the clock is checked.
TICK: Final = 1.0

#: ``None`` wakes the thread: somebody has asked the load to stop.
Message: TypeAlias = "ReadBlock | SourceEnded | Completed[Attempt] | None"
Mailbox: TypeAlias = "queue.SimpleQueue[Message]"


class Conductor:
    """Sends every record of a source, and records what becomes of it.

    :param reader: reads the source and encodes its rows.
    :param batches: the batches to send.
    :param deliveries: the batches under way.
    :param ledger: the outcomes of the rows, and the checkpoint.
    :param mailbox: takes what the reader has read, and the attempts that have ended.
    :param progress: the progress in the log.
    :param stopping: set when the load is asked to stop.
    :param log: the log for notes about the columns.
    """

    def __init__(
        self,
        reader: Reader,
        batches: BatchQueue,
        deliveries: Deliveries,
        ledger: Ledger,
        mailbox: Mailbox,
        *,
        progress: Progress,
        stopping: threading.Event,
        log: logging.Logger,
    ) -> None:
        self._reader = reader
        self._batches = batches
        self._deliveries = deliveries
        self._ledger = ledger
        self._mailbox = mailbox
        self._progress = progress
        self._stopping = stopping
        self._log = log
        self._blocks: deque[ReadBlock] = deque()
        self._claimed: deque[Batch] = deque()
        #: messages that were taken from the mailbox; a failure leaves the rest of them to be settled
        self._inbox: deque[Message] = deque()

    def run(self) -> None:
        """Bring every row of the source to its outcome.

        :raises CleverTapError: when the load cannot continue; what was in flight has been settled first.
        """
        try:
            while not self._finished:
                self._register_blocks()
                self._resend_batches()
                self._send_batches()
                self._receive()
        except BaseException:
            self._settle_in_flight()
            raise

    @property
    def _finished(self) -> bool:
        return self._batches.exhausted and not self._claimed and not self._deliveries

    def _register_blocks(self) -> None:
        while self._blocks and self._has_room():
            block = self._blocks.popleft()
            self._reader.request_block()
            self._batches.add(self._ledger.register(block.encoded, block.duplicates))
            for note in block.notes:
                self._log.info(note)
            self._progress.read(block.share_read)

    def _has_room(self) -> bool:
        if self._ledger.open_rows <= MAX_OPEN_ROWS:
            return len(self._batches) < self._deliveries.max_in_flight
        if not (self._batches or self._claimed or self._deliveries):
            self._batches.flush()  # the open rows wait for their batches to be full
        return False

    def _resend_batches(self) -> None:
        for delivery in self._deliveries.due():
            self._send(delivery)

    def _send_batches(self) -> None:
        while self._deliveries.may_begin:
            if not self._claimed:
                batches = self._batches.take(self._deliveries.claims.size)
                if not batches:
                    return
                self._claimed.extend(batches)
                self._ledger.claim(batches)
            self._send(self._deliveries.begin(self._claimed.popleft()))

    def _send(self, delivery: BatchDelivery) -> None:
        part = delivery.current
        if part.possibly_processed:
            self._ledger.record_resend(len(part.batch), duplicates=not part.batch.repeatable)
        self._deliveries.send(delivery)

    def _receive(self) -> None:
        """Wait for what happens next, and take everything that has happened."""
        if self._stopping.is_set():
            raise LoadStoppedError("The load was stopped.")
        if self._finished or (self._blocks and self._has_room()):
            return
        if self._ledger.unsaved > self._deliveries.claims.size or self._ledger.unsaved_seconds > TICK:
            self._ledger.save()
        self._collect()
        while self._inbox:
            match self._inbox.popleft():
                case ReadBlock() as block:
                    self._blocks.append(block)
                case SourceEnded(error=None):
                    self._batches.complete()
                case SourceEnded(error=error) if error is not None:
                    raise error
                case Completed() as completed:
                    self._settle(self._deliveries.complete(completed))
        self._batches.release()
        self._progress.tick()

    def _collect(self) -> None:
        """Wait for a message, or until a batch is due to be sent again; move all messages to the inbox."""
        wait = self._deliveries.seconds_to_next_wait()
        try:
            self._inbox.append(self._mailbox.get(timeout=TICK if wait is None else min(wait, TICK)))
            while True:
                self._inbox.append(self._mailbox.get_nowait())
        except queue.Empty:
            pass

    def _settle(self, step: Step) -> None:
        self._record(step)
        if step.error is not None:
            raise step.error
        if step.wait is not None:
            self._progress.report_wait(step.detail, step.wait, step.then)
        if step.send_next is not None:
            self._send(step.send_next)

    def _record(self, step: Step) -> None:
        self._ledger.withdraw_resend(step.not_resent)
        if step.result is not None:
            self._ledger.settle(step.result)

    def _settle_in_flight(self) -> None:
        """After a failure: let the requests in flight end, record their outcomes, and save the checkpoint."""
        try:
            self._ledger.withdraw_resend(self._deliveries.withdraw())
            while self._inbox or self._deliveries.in_flight:
                if not self._inbox:
                    self._collect()
                    continue
                message = self._inbox.popleft()
                if isinstance(message, Completed):
                    self._record(self._deliveries.complete(message))
            for result in self._deliveries.fail_rest():
                self._ledger.settle(result)
            while self._claimed:
                self._ledger.settle(BatchResult.never_sent(self._claimed.popleft()))
        finally:
            self._ledger.save_interrupted()


def conduct(conductor: Conductor, reader: Reader, stop: Callable[[], None]) -> None:
    """Run the conductor in a thread that has the state of the load to itself, while this thread reads the source.

    :param stop: asks the load to stop.
    :raises CleverTapError: what the conductor raises.
    """
    ended: Future[None] = Future()

    def run() -> None:
        try:
            conductor.run()
            ended.set_result(None)
        except BaseException as error:  # it belongs to whoever waits
            ended.set_exception(error)
        finally:
            reader.stop()

    # The context carries Airflow's notion of the current task to the store of the checkpoint.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="clevertap-conductor", daemon=True).start()
    try:
        reader.run()
        ended.result()
    except BaseException:
        if not ended.done():  # raised in this thread, as by Ctrl-C
            stop()
            wait([ended])
        raise
