"""The wall clock may be wrong and may jump: it is used for time stamps only, never for waits."""

from __future__ import annotations

import ast
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.response_parser import retry_after
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import LoadStoppedError
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.broken_loads import StoppingClient
from tests.support.paths import PACKAGE
from tests.support.plain_rows import QUICK, Rows, people

#: Where the wall clock may be read: the start of a load and of each attempt, the time stamp of the report, a
#: Retry-After date in an answer without a Date header, the time at which a path was last used, and what one process
#: leaves for another: how old a kept request is, and when a trigger ends.
STAMPS = {
    "loading/record_kinds/events.py": 1, "loading/load.py": 1, "loading/artifacts/report.py": 1,
    "api/response_parser.py": 1, "task_runtime/path_claims.py": 2, "loading/checkpoint/resume.py": 1,
    "task_runtime/questions/kept_request.py": 2, "operators/base/question.py": 1,
}  # fmt: skip


def test_a_load_takes_no_notice_of_a_clock_that_jumps(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(4)
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + random.choice((-1, 1)) * random.uniform(0, 200_000))
    # About every fifth batch fails, before the load is stopped and after.
    faults: list[dict[str, Any]] = [
        {"do": "status", "status": 503, "stored": True, "identity": f"cust-{number:05}", "times": 2}
        for number in range(50, 4_000, 650)
    ]
    faults += [
        {"do": "status", "status": 429, "identity": f"cust-{number:05}", "times": 3}
        for number in range(350, 4_000, 650)
    ]
    emulator.inject(*faults)
    began = time.monotonic()

    def load(given: Any) -> Load:
        kind = events(event_name="Viewed", timestamp="now")
        options = LoadOptions(max_in_flight=2, retries=QUICK, bytes_per_batch=10_000)
        return Load(kind, Rows(people(4_000)), given, options, store=FileCheckpointStore(tmp_path))

    stopping = StoppingClient(client, 10)
    first = load(stopping)
    stopping.stop = first.stop
    with pytest.raises(LoadStoppedError):
        first.run()
    summary = load(client).run()
    assert summary.accepted == 4_000
    assert summary.resumed_from_row is not None
    assert 0 < summary.seconds < time.monotonic() - began + 1
    assert len({event["ts"] for event in emulator.events()}) == 1, "a later attempt must keep the time of the first"
    assert len(emulator.events()) - 4_000 <= summary.resent
    assert all(rule["struck"] == rule["times"] for rule in emulator.faults())


@pytest.mark.parametrize("wrong_by", [-86_400, -3_600, 0, 3_600, 86_400])
def test_a_date_to_wait_for_is_of_the_clock_of_the_answer(wrong_by: int) -> None:
    answered = datetime.now(UTC).timestamp() + wrong_by
    headers = {
        name: format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)
        for name, moment in (("date", answered), ("retry-after", answered + 30))
    }
    assert retry_after(headers) == 30.0


def test_the_wall_clock_is_read_for_time_stamps_alone() -> None:
    found = {
        str(path.relative_to(PACKAGE)): count
        for part in ("api", "connections", "decorators", "hooks", "loading", "operators", "records", "task_runtime")
        for path in sorted((PACKAGE / part).rglob("*.py"))
        if (count := sum(map(_reads_wall_clock, ast.walk(ast.parse(path.read_text(encoding="utf-8"))))))
    }
    assert found == STAMPS


def _reads_wall_clock(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):  # under another name the calls would not be found
        return node.module == "time" and any(alias.name in ("time", "time_ns") for alias in node.names)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    called = ast.unparse(node.func)
    return called.endswith(("time.time", "time.time_ns", ".now", ".utcnow", ".today"))
