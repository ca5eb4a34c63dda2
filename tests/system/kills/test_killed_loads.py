"""Loads that are killed with SIGKILL at random moments and resume: nothing is lost, and duplicates are reported.

``CLEVERTAP_KILLS=1000`` kills more of them; ``CLEVERTAP_KILL_SEED`` begins with another seed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.held_answers import wait_until_at_rest
from tests.support.killed_load_cases import CASES
from tests.support.killed_load_checks import check_arrived, check_outcomes, prepare, rejected
from tests.support.killed_loads import LoadingProcess, load

pytestmark = pytest.mark.slow

#: How often a load is killed before it may end. Only kills while it runs count.
_OF_ONE_LOAD = 10
#: Each kind of load is killed in two loads: with and without requests that fail.
KILLS = int(os.environ.get("CLEVERTAP_KILLS", 2 * _OF_ONE_LOAD * len(CASES)))
SEED = int(os.environ.get("CLEVERTAP_KILL_SEED", "0"))
#: How many of these come before its last row is settled; the others come around its end, or after it is complete.
_WHILE_SENDING = 8
#: How many attempts may end before they are killed; later ones are killed when they begin.
_MISSES = 10
_CASES = list(CASES)


@pytest.fixture(scope="module")
def loading() -> Iterator[LoadingProcess]:
    with LoadingProcess() as process:
        yield process


@pytest.mark.parametrize("seed", range(SEED, SEED + -(-KILLS // _OF_ONE_LOAD)))
def test_a_killed_load_resumes(seed: int, loading: LoadingProcess, emulator: RunningEmulator, tmp_path: Path) -> None:
    random = Random(seed)
    name = _CASES[seed % len(_CASES)]
    case = CASES[name]
    source, directory = tmp_path / "rows.csv", tmp_path / "left"
    rows, refused = prepare(case, source, random)
    refuse = {"do": "fail_records", "identities": sorted(refused)}
    address = (emulator.account_id, emulator.passcode, emulator.url)
    emulator.inject(refuse)
    load(case, source, tmp_path / "undisturbed", address)
    undisturbed = rejected(tmp_path / "undisturbed" / "rejects.csv")
    requests = emulator.stats()["requests"]

    emulator.reset()
    failures = [{"do": "status", "status": 503, "stored": True, "every": 9}] if seed // len(_CASES) % 2 else []
    emulator.inject({"do": "delay", "seconds": 0.005}, *failures, refuse)
    kills = 0
    for attempt in range(10 * _OF_ONE_LOAD):
        loading.start(name, source, directory, address)
        if attempt < _WHILE_SENDING:
            wait_for_requests(random, loading, emulator, requests // (2 * _WHILE_SENDING))
        elif attempt < _OF_ONE_LOAD + _MISSES:
            wait_for_the_end(random, loading, directory)
        kills += loading.kill()
        if kills == _OF_ONE_LOAD:
            break
    assert kills == _OF_ONE_LOAD, "most loads had ended before they could be killed"
    wait_until_at_rest(emulator)
    summary = load(case, source, directory, address)
    rejects = rejected(directory / "rejects.csv")
    check_outcomes(summary, rejects, undisturbed, case, rows)
    # A record with an unclear answer may be stored, although a later request rejects it.
    check_arrived(summary, rejects, emulator, case, rows, refused if failures else set())
    assert json.loads((directory / "report.json").read_text())["summary"]["accepted"] == summary.accepted
    assert not [*directory.glob("*.part"), *directory.glob("*.new")], "temporary files of a killed load are left"


def wait_for_requests(random: Random, loading: LoadingProcess, emulator: RunningEmulator, most: int) -> None:
    """Wait for a moment at which a load reads its checkpoint, prepares or sends."""
    if random.random() < 0.2:
        time.sleep(random.random() * 0.06)
        return
    after = emulator.stats()["requests"] + random.randint(1, most)
    while not loading.over and emulator.stats()["requests"] < after:
        time.sleep(0.001)
    time.sleep(random.random() * 0.01)


def wait_for_the_end(random: Random, loading: LoadingProcess, directory: Path) -> None:
    """Wait for a moment around the end of a load: before, while or after it publishes its rejects file."""
    last = (directory / "checkpoint.json").stat().st_mtime_ns
    while not loading.over:
        state = (directory / "checkpoint.json").read_text()
        if '"complete":true' in state and (directory / "checkpoint.json").stat().st_mtime_ns != last:
            break
        time.sleep(0.0005)  # the emulator is a thread of this process and must run
    time.sleep(random.choice((0.0, 0.0, 0.001, 0.002)))
