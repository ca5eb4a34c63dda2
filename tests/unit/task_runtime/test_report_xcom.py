"""Reports are written in the background, the latest only, and a failure to write them fails nothing."""

from __future__ import annotations

import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_clevertap.airflow_compat import AirflowPlugin
from airflow_provider_clevertap.task_runtime.report_xcom import KEY, ReportXCom, report_xcom

LOG = logging.getLogger("report")


class Task:
    """A task instance whose XComs wait until the test lets them through."""

    def __init__(self, *, failing: bool = False) -> None:
        self.pushed: list[Any] = []
        self.begun = threading.Semaphore(0)
        self.free = threading.Semaphore(0)
        self._failing = failing

    def xcom_push(self, key: str, value: Any) -> None:
        self.begun.release()
        self.free.acquire()
        if self._failing:
            raise ConnectionError("away")
        self.pushed.append((key, value))


def test_the_work_does_not_wait_and_only_the_latest_report_is_written() -> None:
    task = Task()
    report = ReportXCom(task, KEY, LOG)
    for number in range(3):
        report.put({"number": number})
        if number == 0:
            task.begun.acquire()  # the first is being written while the others come
    task.free.release(3)
    report.end({"number": 3})
    assert [value["number"] for _, value in task.pushed] in ([0, 2, 3], [0, 3])
    assert task.pushed[-1] == (KEY, {"version": 1, "number": 3})


def test_after_three_failures_no_more_is_written(caplog: pytest.LogCaptureFixture) -> None:
    task = Task(failing=True)
    task.free.release(10)
    report = ReportXCom(task, KEY, LOG)
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            report.put({"number": number})
            task.begun.acquire()
        report.end({"number": 9})
    assert len([record for record in caplog.records if "not in XCom" in record.getMessage()]) == 1
    assert task.begun.acquire(blocking=False) is False


def test_a_killed_load_writes_no_last_report() -> None:
    task = Task()
    report = ReportXCom(task, KEY, LOG)
    report.end(None)
    assert task.pushed == []


def test_there_is_no_report_where_nobody_could_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    context = {"ti": SimpleNamespace(task=SimpleNamespace(do_xcom_push=True))}
    assert (report_xcom(context, LOG) is not None) == hasattr(AirflowPlugin, "external_views")
    assert report_xcom(None, LOG) is None
    assert report_xcom({"ti": SimpleNamespace(task=SimpleNamespace(do_xcom_push=False))}, LOG) is None
    monkeypatch.delattr(AirflowPlugin, "external_views", raising=False)
    assert report_xcom(context, LOG) is None
