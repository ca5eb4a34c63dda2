"""``make chaos``: its table, its exit status, and that its checks can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.answers import Processed
from airflow_provider_clevertap.api.client import CleverTapClient
from scripts import chaos
from tests.support.chaos import remote as chaos_remote
from tests.support.chaos.faults import Fault
from tests.support.chaos.remote import RemoteCase, run_remote
from tests.support.paths import ROOT

SEND_BATCH = CleverTapClient.send_batch


def test_the_table_has_a_line_for_each_case() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.chaos", "--quick", "--only", "^(bad JSON|killed at random), events, hold"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    head, *lines, total = done.stdout.splitlines()
    assert head.split()[:7] == ["fault", "kind", "policy", "rows", "sent", "lost", "hidden"]
    assert [line.split()[0] for line in lines] == ["bad", "killed"]
    assert " 0 lost, 0 hidden; duplicated: 0 under hold" in total
    assert "retrying" not in done.stderr


def test_contradictions_are_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(chaos_remote, "FAULTS", {"no fault": Fault(blames=(11,), certain=True)})
    assert chaos.main(["--quick", "--only", "no fault, profiles, resend"]) == 1
    assert "WRONG: no fault, profiles, resend: bad rows that were accepted: 1, such as 11" in capsys.readouterr().out
    assert chaos.main(["--quick", "--only", "no such fault"]) == 1


def forget(client: CleverTapClient, endpoint: Any, body: bytes, records: int, **options: Any) -> Any:
    """Return the answer of a processed batch, and send nothing."""
    return Processed() if b"cust-000300" in body else SEND_BATCH(client, endpoint, body, records, **options)


def send_twice(client: CleverTapClient, endpoint: Any, body: bytes, records: int, **options: Any) -> Any:
    SEND_BATCH(client, endpoint, body, records, **options)
    return SEND_BATCH(client, endpoint, body, records, **options)


@pytest.mark.parametrize(
    ("send_batch", "problem"),
    [(forget, "lost: 20, such as cust-000"), (send_twice, "in the store more often than they were sent again: 577")],
)
@pytest.mark.parametrize("policy", chaos_remote.POLICIES)
def test_a_lost_or_duplicated_row_is_found(
    send_batch: Any, problem: str, policy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(CleverTapClient, "send_batch", send_batch)
    account = run_remote(RemoteCase("no fault", "events", policy), tmp_path)
    assert any(found.startswith(problem) for found in account.problems)
    assert account.lost == (20 if send_batch is forget else 0)
    assert account.duplicated == (577 if send_batch is send_twice else 0)


def test_a_status_that_is_not_the_last_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def send_another(client: CleverTapClient, endpoint: Any, body: bytes, records: int, **options: Any) -> Any:
        return SEND_BATCH(client, endpoint, body.replace(b"Unsubscribe", b"Resubscribe"), records, **options)

    monkeypatch.setattr(CleverTapClient, "send_batch", send_another)
    account = run_remote(RemoteCase("no fault", "subscriptions", "resend"), tmp_path)
    (problem,) = account.problems
    assert problem.startswith("in the store, and other than in the source: 2")
