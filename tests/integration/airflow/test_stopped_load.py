"""A load that is asked to stop before it starts, or while a generator produces its rows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.exceptions import LoadStoppedError
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.task_runtime.task_load import TaskLoad
from tests.support.interrupted_task import write_many_rows

LOG = logging.getLogger("test")


def test_a_kill_before_the_task_began_is_not_forgotten(connection: str, emulator: Any, tmp_path: Path) -> None:
    load = TaskLoad(PROFILES, connection, CleverTapHook(connection).settings, LOG)
    load.stop()
    with pytest.raises(LoadStoppedError):
        load.run(str(write_many_rows(tmp_path / "many.csv")), {"columns": {"id": "identity"}})
    assert emulator.profiles() == []


def test_a_stop_ends_the_generator_that_makes_the_rows(connection: str, emulator: Any) -> None:
    load = TaskLoad(PROFILES, connection, CleverTapHook(connection).settings, LOG)
    threads: list[int] = []

    def frames() -> Iterator[pd.DataFrame]:
        try:
            for number in range(100):
                threads.append(threading.get_ident())
                if number == 3:
                    load.stop()
                yield pd.DataFrame({"id": [f"c-{number}-{row}" for row in range(1_000)]})
        finally:
            threads.append(threading.get_ident())

    with pytest.raises(LoadStoppedError):
        load.run(frames(), {"columns": {"id": "identity"}})
    assert len(threads) == 5
    assert len(set(threads)) == 1
    assert load.summary is not None
    assert load.summary["accepted"] == len(emulator.profiles()) <= 3_000
