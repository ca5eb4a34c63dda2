"""Local faults: a full disk, a changed source, a rejects file in the directory of its source.

Each case closes the same kind of account as loads under remote faults: every row is in the store or in a
complete rejects file, or the load has failed with an error.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from types import SimpleNamespace

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CannotResumeError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.task_runtime.path_claims import claim_path
from tests.support.chaos.account import Account, read_rejects
from tests.support.chaos.kills import check_stored
from tests.support.held_answers import wait_until_at_rest
from tests.support.killed_load_cases import CASES, Case, read_rows
from tests.support.killed_loads import LoadingProcess, load
from tests.support.paths import ROOT

_LOG = logging.getLogger(__name__)
#: Maximum sizes of files: from less than a checkpoint to more than the rejects file.
_SIZES = range(400, 16_000, 200)
_SIZES_BRIEF = range(400, 16_000, 2_600)


def full_disks(name: str, seed: int, directory: Path, loading: LoadingProcess, *, brief: bool) -> Account:
    """Load with a limit on the size of files, then again without it."""
    account = _account(f"disk full at {len(_SIZES_BRIEF if brief else _SIZES)} sizes", name)
    began = time.monotonic()
    source = directory / "rows.csv"
    CASES[name].write(source, Random(seed))
    with RunningEmulator() as emulator:
        address = (emulator.account_id, emulator.passcode, emulator.url)
        for size in _SIZES_BRIEF if brief else _SIZES:
            emulator.reset()
            left = directory / f"{size}"
            loading.start(name, source, left, address, max_file_bytes=size)
            failed = loading.wait() != 0
            account.attempts += 1
            if failed:
                failure = (left / "failure").read_text()
                account.expect(f"what it failed of at {size} bytes", failure.split(":")[0], "StorageUnavailableError")
                account.expect(f"files at {size} bytes", [path.name for path in left.glob("rejects*")], [])
                account.attempts += 1
            summary = load(CASES[name], source, left, address)  # a complete load writes its files again
            _close(account, CASES[name], source, summary, left / "rejects.csv", emulator)
    account.seconds = time.monotonic() - began
    return account


def changed_source(name: str, seed: int, directory: Path, loading: LoadingProcess) -> Account:
    """Kill a load, change its source, and restore it."""
    account = _account("source changed, then put back", name)
    began = time.monotonic()
    source, left = directory / "rows.csv", directory / "left"
    CASES[name].write(source, Random(seed))
    with RunningEmulator(latency=0.05) as emulator:
        address = (emulator.account_id, emulator.passcode, emulator.url)
        loading.start(name, source, left, address)
        while emulator.stats()["requests"] < 10:
            time.sleep(0.001)
        loading.kill()
        wait_until_at_rest(emulator)
        emulator.change_settings(latency=0.0)
        right = source.rename(directory / "aside.csv")
        source.write_bytes(right.read_bytes().replace(b"cust-7", b"somebody-7"))
        requests = emulator.stats()["requests"]
        try:
            load(CASES[name], source, left, address)
            account.problems.append("the load resumed although the source changed")
        except CannotResumeError:
            account.expect("requests of the refused attempt", emulator.stats()["requests"], requests)
        right.replace(source)
        summary = load(CASES[name], source, left, address)
        account.attempts = 3
        _close(account, CASES[name], source, summary, left / "rejects.csv", emulator)
    account.seconds = time.monotonic() - began
    return account


STOPPED = """
import logging, signal, sys
from pathlib import Path
from airflow_provider_clevertap.exceptions import LoadStoppedError
from airflow_provider_clevertap.task_runtime.interruption import run_interruptibly
from tests.support import killed_load_cases, killed_loads

class Interrupted(BaseException):
    pass

def interrupt(*_):
    print("interrupted", flush=True)
    raise Interrupted

signal.signal(signal.SIGTERM, interrupt)
name, source, left, *address = sys.argv[1:]
client, load = killed_loads.prepared(killed_load_cases.CASES[name], Path(source), Path(left), tuple(address))
try:
    run_interruptibly(load.run, load.stop, shutdown_timeout=60, log=logging.getLogger())
except Interrupted:
    pass
finally:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    client.close()
"""


def second_signals(name: str, seed: int, directory: Path) -> Account:
    """Interrupt a load many times while it waits for requests in flight, then resume it."""
    account = _account("interrupted again and again", name)
    began = time.monotonic()
    source, left = directory / "rows.csv", directory / "left"
    CASES[name].write(source, Random(seed))
    with RunningEmulator(latency=0.2) as emulator:
        address = (emulator.account_id, emulator.passcode, emulator.url)
        command = [sys.executable, "-c", STOPPED, name, str(source), str(left), *address]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            while emulator.stats()["requests"] < 6:
                time.sleep(0.001)
            while process.poll() is None:
                process.send_signal(signal.SIGTERM)
                time.sleep(0.01)
        wait_until_at_rest(emulator)
        emulator.change_settings(latency=0.0)
        summary = load(CASES[name], source, left, address)
        account.attempts = 2
        account.expect("unknown results after an orderly stop", (summary.resent, summary.unconfirmed), (0, 0))
        _close(account, CASES[name], source, summary, left / "rejects.csv", emulator)
    account.seconds = time.monotonic() - began
    return account


def rejects_beside_the_source(name: str, seed: int, directory: Path) -> Account:
    """Load all files of a directory twice, with the rejects file in the same directory."""
    account = _account("rejects beside the source, twice", name)
    began = time.monotonic()
    source, rejects = directory / "rows.csv", directory / "rejects.csv"
    CASES[name].write(source, Random(seed))
    case = CASES[name]
    for _ in range(2):
        with RunningEmulator() as emulator:
            opened = open_source(f"{directory}/*.csv", block_rows=350)
            opened.exclude_outputs({"rejects_path": rejects}, _LOG)  # type: ignore[attr-defined]
            options = LoadOptions(rejects_path=rejects, max_rejects="100%", **case.options)
            with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
                summary = Load(case.kind, opened, client, options).run()
            account.attempts += 1
            _close(account, CASES[name], source, summary, rejects, emulator)
    account.seconds = time.monotonic() - began
    return account


def one_place_for_two(name: str, seed: int, directory: Path) -> Account:
    """Load two files in two tasks with the same path for their rejects files."""
    account = _account("two tasks with one path", name)
    began = time.monotonic()
    case, given = CASES[name], str(directory / "rejects.csv")
    sources, places, summaries = [directory / "rows-1.csv", directory / "rows-2.csv"], [], []
    with RunningEmulator() as emulator:
        for number, source in enumerate(sources):
            emulator.reset()
            case.write(source, Random(seed + number))
            context = {"ti": SimpleNamespace(dag_id="dag", run_id="run", task_id=f"task-{number}", map_index=-1)}
            place = claim_path(given, directory / "artifacts", context, "", mode=0o600, log=_LOG)
            options = LoadOptions(rejects_path=place, max_rejects="100%", **case.options)
            with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
                summaries.append(Load(case.kind, open_source(source, block_rows=350), client, options).run())
            places.append(Path(place))
            account.attempts += 1
            _close(account, CASES[name], source, summaries[-1], places[-1], emulator)
    account.expect("rows of the first one's file in the end", len(read_rejects(places[0])), summaries[0].rejects_rows)
    account.seconds = time.monotonic() - began
    return account


def _account(fault: str, name: str) -> Account:
    kind, _, policy = name.rpartition(", ")
    return Account(fault, kind or name, policy if kind else "resend")


def _close(
    account: Account, case: Case, source: Path, summary: Summary, rejects: Path, emulator: RunningEmulator
) -> None:
    rows = read_rows(source)
    outcomes = {int(row["clevertap_row"]): row["clevertap_outcome"] for row in read_rejects(rejects)}
    before = account.duplicated
    account.rows += len(rows)
    account.sent += sum(request["records"] for request in emulator.requests(case.kind.endpoint.path))
    account.requests += summary.requests
    account.resent += summary.resent
    account.held += summary.unconfirmed
    invalid = case.invalid_rows(rows)
    account.hidden += len(invalid - outcomes.keys())
    account.none("bad rows that are not reported", invalid - outcomes.keys())
    account.expect("rows of the rejects file", len(outcomes), summary.rejects_rows)
    account.expect("rows of the summary", summary.rows, len(rows))
    check_stored(account, case, rows, outcomes.keys(), emulator)
    duplicated = account.duplicated - before
    if duplicated > (0 if account.policy == "hold" else summary.resent):
        account.problems.append(f"duplicated: {duplicated}, and resent {summary.resent}")


#: Kinds and policies of these cases.
HERE = ("profiles", "events, hold", "events, resend", "subscriptions")
