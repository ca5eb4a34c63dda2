"""A task that loads many rows in a process of its own, for tests that send signals to it."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from airflow_provider_clevertap import upload_kinds
from airflow_provider_clevertap.upload_kinds import UploadKind
from tests.support.held_answers import requests_in_flight
from tests.support.paths import ROOT

ROWS = 150_000
#: Requests that are answered at once; each of the 140 others takes a second, two at a time.
ANSWERED_AT_ONCE = 10

#: A signal that nothing else uses. Python calls its handler after the handlers of all signals that arrived before. It
#: is sent repeatedly: a signal that follows another one closely may be delivered to a thread that does not wake the
#: main thread.
MARK = signal.SIGRTMIN


class Loaded(NamedTuple):
    """What the task loads.

    :param kind: the kind of record.
    :param options: the operator's, for the columns ``id`` and ``plan``.
    :param stored: the name of its records in the emulator's totals.
    """

    kind: UploadKind
    options: dict[str, Any]
    stored: str


PROFILES = Loaded(upload_kinds.PROFILES, {"columns": {"id": "identity"}}, "profiles")
SUBSCRIPTIONS = Loaded(
    upload_kinds.SUBSCRIPTIONS,
    {"columns": {"id": "value"}, "channel": "phone", "status": "Unsubscribe"},
    "subscriptions",
)

DRIVER = """
import os
import signal
import sys
import time
from datetime import datetime, timedelta

sys.path.insert(0, {root!r})
from tests.support.inline_dag import in_this_process
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.task_runtime.task_load import TaskLoad
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from {module} import {operator}

signal.signal({mark}, lambda *_: print("marked", flush=True))


def watched(what, method):
    def call(*arguments, **options):
        if what == "asked":
            print("at", what, time.process_time(), flush=True)
        try:
            return method(*arguments, **options)
        finally:
            if what == "ended":
                print("at", what, time.process_time(), flush=True)

    return call


TaskLoad.stop = watched("asked", TaskLoad.stop)
TaskLoad.run = watched("ended", TaskLoad.run)


def save_interrupted(checkpoint, counts, method=Checkpoint.save_interrupted):
    method(checkpoint, counts)
    lanes = checkpoint.state.lanes.values()
    unsettled = sum(len(lane.claimed.without(lane.settled)) for lane in lanes)
    print("saved", checkpoint.saved, "unsettled", unsettled, flush=True)


Checkpoint.save_interrupted = save_interrupted

with DAG("interrupted_{name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
    {operator}(
        task_id="load",
        source={source!r},
        **{options!r},
        max_in_flight=2,
        artifacts_path={artifacts!r},
        execution_timeout={timeout},
    )
try:
    print("state", in_this_process(dag).state, flush=True)
finally:
    os._exit(0)  # as Airflow ends the process of a task, without waiting for threads
"""


def write_many_rows(path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "plan"])
        writer.writerows((f"+4479460{number:06}", "gold") for number in range(ROWS))
    return path


class InterruptedTask:
    """A task that would take more than a minute, started in its own process.

    :param emulator: the account it loads into.
    :param directory: an empty directory for its files.
    :param loaded: what it loads.
    """

    def __init__(self, emulator: Any, directory: Path, loaded: Loaded = PROFILES) -> None:
        self._emulator = emulator
        self._directory = directory
        self._loaded = loaded
        self._process: subprocess.Popen[str] | None = None

    def start(self, timeout: str = "None", *, held: bool = False) -> subprocess.Popen[str]:
        """Start the task, and return when it is in the middle of its load.

        :param timeout: its ``execution_timeout``, as Python.
        :param held: the test holds back all responses of the emulator.
        """
        if not held:
            self._emulator.inject({"do": "delay", "seconds": 1, "skip": ANSWERED_AT_ONCE})
        driver = self._directory / "driver.py"
        driver.write_text(
            DRIVER.format(
                root=str(ROOT),
                name=self._directory.name,
                module=self._loaded.kind.operator_module,
                operator=self._loaded.kind.operator,
                options=self._loaded.options,
                source=str(write_many_rows(self._directory / "many.csv")),
                artifacts=str(self._directory / "left"),
                timeout=timeout,
                mark=int(MARK),
            )
        )
        with (self._directory / "log").open("w") as log:
            self._process = subprocess.Popen([sys.executable, str(driver)], stdout=log, stderr=log, text=True)
        if held:
            self._wait_for(lambda: requests_in_flight(self._emulator) == 2)
        else:
            self._wait_for(lambda: self._emulator.stats()["accepted"] >= ANSWERED_AT_ONCE * 1_000)
        return self._process

    def _wait_for(self, holds: Callable[[], bool]) -> None:
        assert self._process is not None
        end = time.monotonic() + 300
        while not holds():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def close(self) -> None:
        """Kill the process if it still runs."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return (self._directory / "log").read_text()

    def cpu_seconds(self, what: str) -> float:
        """The CPU time of the process when the load was asked to stop (``asked``) or had ended (``ended``)."""
        return float(re.findall(rf"^at {what} (\S+)$", self.log(), re.MULTILINE)[0])

    def has_handled_signals(self) -> bool:
        """Return whether the process has handled all signals sent so far, or has ended."""
        assert self._process is not None
        if self._process.poll() is not None or "marked" in self.log():
            return True
        self._process.send_signal(MARK)
        return False

    def check_all_settled(self) -> None:
        """Check that the load knows the outcome of every request it made, and stopped long before its end."""
        (report,) = (self._directory / "left").rglob("report.json")
        summary: dict[str, Any] = json.loads(report.read_text())["summary"]
        stats = self._emulator.stats()
        assert requests_in_flight(self._emulator) == 0
        assert summary["requests"] == stats["requests"]
        assert stats["requests_by_status"] == {"200": stats["requests"]}
        assert 0 < summary["accepted"] == stats["stored"][self._loaded.stored] < ROWS
        assert summary["unconfirmed"] == 0
