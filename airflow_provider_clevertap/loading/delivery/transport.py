"""Threads that make one HTTP attempt each, and nothing else."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from airflow_provider_clevertap.api.answers import Answer, Processed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Completed(Generic[T]):
    """An attempt that has ended.

    :param attempt: what was submitted.
    :param answer: CleverTap's answer, or the exception raised in its place.
    :param in_flight: how many attempts were in flight when it ended, this one included.
    :param seconds: how long it took.
    """

    attempt: T
    answer: Answer | BaseException
    in_flight: int
    seconds: float


class Transport(Generic[T]):
    """Makes the attempts submitted, in their order, at most ``limit`` at a time.

    Used as a context: at its end nothing is in flight. The threads are daemons, so that a server that never answers
    cannot keep the process.

    :param send: makes one attempt; called by several threads at a time.
    :param threads: the most attempts at a time.
    :param completed: takes each attempt that has ended; called by the thread that made it.
    """

    def __init__(self, send: Callable[[T], Answer], threads: int, completed: Callable[[Completed[T]], None]) -> None:
        self._send = send
        self._completed = completed
        self._max_threads = self._limit = threads
        self._submitted: deque[T] = deque()
        self._in_flight = 0
        self._held = 0
        self._closing = False
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()

    def submit(self, attempt: T) -> None:
        """Make an attempt as soon as the limit allows it."""
        with self._changed:
            self._submitted.append(attempt)
            if len(self._threads) < min(self._max_threads, self._in_flight + len(self._submitted)):
                thread = threading.Thread(target=self._work, name="clevertap-sender", daemon=True)
                self._threads.append(thread)
                thread.start()
            elif self._may_begin:
                self._changed.notify()

    def set_limit(self, limit: int) -> None:
        """Set how many attempts may be in flight."""
        with self._changed:
            self._limit = limit
            self._changed.notify_all()

    def resume(self) -> None:
        """Let attempts begin again; to be called once for each answer other than :class:`Processed`.

        After such an answer no attempt begins, so that nothing more is sent to a server that does not take it.
        """
        with self._changed:
            self._held -= 1
            self._changed.notify_all()

    def withdraw(self) -> list[T]:
        """Take back the attempts that have not begun."""
        with self._changed:
            withdrawn = list(self._submitted)
            self._submitted.clear()
            return withdrawn

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._submitted.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (attempt := self._next()) is not None:
            started = time.monotonic()
            answer: Answer | BaseException
            try:
                answer = self._send(attempt)
            except BaseException as error:  # it belongs to whoever takes the completed attempts
                answer = error
            with self._changed:
                in_flight = self._in_flight
                self._in_flight -= 1
                self._held += not isinstance(answer, Processed)
            # No other thread is woken: this one takes the next attempt.
            self._completed(Completed(attempt, answer, in_flight, time.monotonic() - started))

    @property
    def _may_begin(self) -> bool:
        return self._in_flight < self._limit and not self._held

    def _next(self) -> T | None:
        with self._changed:
            while not (self._submitted and self._may_begin):
                if self._closing:
                    return None
                self._changed.wait()
            self._in_flight += 1
            return self._submitted.popleft()
