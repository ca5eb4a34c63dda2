"""The CPU time of a load by stage."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any


def measured_methods() -> tuple[tuple[str, type, str], ...]:
    """Return the methods that make up the stages: the stage, the class and the method's name."""
    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
    from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
    from airflow_provider_clevertap.loading.delivery.batches import Batch, Batcher
    from airflow_provider_clevertap.loading.encoding.duplicates import DuplicateKeys
    from airflow_provider_clevertap.loading.encoding.encoder import Encoder
    from airflow_provider_clevertap.loading.encoding.orders.encoder import OrderEncoder
    from airflow_provider_clevertap.loading.encoding.orders.grouping import OrderGrouper
    from airflow_provider_clevertap.loading.encoding.whole_source.last_rows import LastRowEncoder
    from airflow_provider_clevertap.loading.ledger import Ledger
    from airflow_provider_clevertap.loading.outcomes.progress import Progress
    from airflow_provider_clevertap.loading.sources.dataframes import DataFramesSource
    from airflow_provider_clevertap.loading.sources.files.source import FilesSource

    return (
        ("read", FilesSource, "blocks"),
        ("read", DataFramesSource, "blocks"),
        ("group orders", OrderGrouper, "orders"),
        ("group orders", OrderEncoder, "_encode"),
        ("encode", Encoder, "encode"),
        ("find duplicates", DuplicateKeys, "count_in"),
        ("find last rows", LastRowEncoder, "encode_all"),
        ("pack", Batcher, "add"),
        ("pack", Batcher, "finish"),
        ("pack", Batch, "body"),
        ("send", CleverTapClient, "send_batch"),
        ("settle", Ledger, "register"),
        ("settle", Ledger, "settle"),
        ("rejects file", RejectsFile, "write"),
        ("checkpoint", Checkpoint, "resume_block"),
        ("checkpoint", Checkpoint, "claim"),
        ("checkpoint", Checkpoint, "settle"),
        ("checkpoint", Checkpoint, "record"),
        ("checkpoint", Checkpoint, "save"),
        ("checkpoint", Checkpoint, "complete"),
        ("progress", Progress, "tick"),
    )


class Stages:
    """CPU seconds of each stage, over all threads.

    The CPU clock of each thread is read at the start and end of a stage, so waiting counts nothing, and a stage that
    another one calls counts only for itself.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()
        self._within = threading.local()

    def start(self) -> None:
        """Measure every stage in this process from now on."""
        for stage, owner, name in measured_methods():
            function = getattr(owner, name)
            is_generator = function.__code__.co_flags & 0x20
            setattr(owner, name, (self._on_each if is_generator else self._on_call)(stage, function))

    def _on_call(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self._clock(stage):
                return function(*arguments, **named)

        return timed

    def _on_each(self, stage: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            iterator = function(*arguments, **named)
            while True:
                with self._clock(stage):
                    item = next(iterator, iterator)
                if item is iterator:
                    return
                yield item

        return timed

    def _clock(self, stage: str) -> _Clock:
        return _Clock(self, stage)

    def add(self, stage: str, seconds: float) -> None:
        """Add CPU seconds to a stage."""
        with self._lock:
            self.seconds[stage] += seconds


class _Clock:
    """Adds the CPU time of this thread between entry and exit to a stage, without that of inner stages."""

    def __init__(self, stages: Stages, stage: str) -> None:
        self._stages = stages
        self._stage = stage

    def __enter__(self) -> None:
        within = self._stages._within
        self._outer = getattr(within, "inner", 0.0)
        within.inner = 0.0
        self._started = time.thread_time()

    def __exit__(self, *_: object) -> None:
        within = self._stages._within
        spent = time.thread_time() - self._started
        self._stages.add(self._stage, spent - within.inner)
        within.inner = self._outer + spent
