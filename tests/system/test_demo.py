"""What ``make demo`` runs: the examples in an Airflow with a scheduler, which is also what runs a backfill."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

MONTH = re.compile(r"from (\S+), before (\S+): ([\d,]+) rows: ([\d,]+) accepted, 12 invalid")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("airflow.sdk") is None, reason="the demo is one of Airflow 3")
@pytest.mark.xdist_group("demo")
def test_the_demo_shows_what_it_should() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert MONTH.findall(done.stdout) == [
        ("2026-01-01", "2026-02-01", "1,512", "1,500"),
        ("2026-02-01", "2026-03-01", "1,512", "1,500"),
        ("2026-03-01", "2026-04-01", "1,512", "1,500"),
    ]
    (stored,) = re.findall(r"\((.*) profiles, (.*) events, (.*) tokens, (.*) subscriptions\)", done.stdout)
    assert stored == ("4,938", "4,736", "190", "13")
    exported = re.findall(r"([\d,]+) rows exported, .* ([\d,]+) equal, ([\d,]+) missing, ([\d,]+) that", done.stdout)
    assert exported == [("4,500", "4,500", "0", "0")]
