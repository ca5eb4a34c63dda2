"""Kill a worker while it loads, and check what its loads did afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_clevertap.loading.checkpoint.row_ranges import RowRanges
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from tests.support.running_scheduler import TIMEOUT
from tests.system.cluster.accounting import Account, Load
from tests.system.cluster.forty_files import FILES, ROWS
from tests.system.cluster.running_cluster import RunningCluster

_RUNNING = (
    "SELECT t.hostname, t.task_id, t.map_index, s.value FROM task_instance t LEFT JOIN task_state_store s "
    "ON (s.dag_id, s.run_id, s.task_id, s.map_index) = (t.dag_id, t.run_id, t.task_id, t.map_index) "
    "WHERE t.state = 'running'"
)
_FINISHED = "SELECT count(*) FROM task_instance WHERE state = 'success'"
_FILES = sum(FILES.values())
_EVENTS = {"events_held", "events_resent"}


@dataclass
class Lost:
    """The worker that was killed.

    :param worker: its name.
    :param processes: how many processes were killed.
    :param finished: how many loads had finished before.
    :param loads: the checkpoint of each of its running loads; ``None`` where a load had not started.
    """

    worker: str
    processes: int
    finished: int
    loads: dict[Load, LoadState | None]

    def in_flight(self, load: Load) -> int:
        """Return how many rows may have been in flight."""
        state = self.loads[load]
        return 0 if state is None else len(_open(state))

    def settled(self, load: Load) -> int:
        """Return how many rows had an outcome."""
        state = self.loads[load]
        return 0 if state is None else len(state.lanes["main"].settled)


def kill_one_in_the_middle(cluster: RunningCluster) -> Lost:
    """Kill the first worker that is in the middle of events with both policies, later with one of them."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        by_worker = _running_loads(cluster)
        ((finished,),) = cluster.query(_FINISHED)
        for worker, loads in by_worker.items():
            halfway = {task for (task, _), state in loads.items() if _in_the_middle(state)} & _EVENTS
            if finished >= _FILES // 5 and (halfway == _EVENTS or (halfway and finished >= _FILES // 2)):
                processes = cluster.kill(worker)
                return Lost(worker, processes, finished, _loads_of_killed(worker, cluster))
        assert finished < _FILES, "no worker was ever in the middle of events"
        assert time.monotonic() < deadline, cluster.logs()
        time.sleep(0.3)


def _loads_of_killed(worker: str, cluster: RunningCluster) -> dict[Load, LoadState | None]:
    """Return the loads of a killed worker, after the API server has processed its last requests."""
    before = None
    while True:
        loads = _running_loads(cluster).get(worker, {})
        now = {load: None if state is None else state.to_dict() for load, state in loads.items()}
        if now == before:
            return loads
        before = now
        time.sleep(1)


def errors_after(lost: Lost, found: dict[Load, Account], cluster: RunningCluster) -> Iterator[str]:
    """Yield a message for everything wrong with the killed worker's loads, or with the runs of the others."""
    rows = cluster.query("SELECT task_id, map_index, state, try_number, hostname FROM task_instance")
    for task, number, state, attempts, worker in rows:
        load = (task, number)
        if state != "success":
            yield f"{task}[{number}] is {state}"
        if attempts != (2 if load in lost.loads else 1):
            yield f"{task}[{number}] had {attempts} attempts"
        elif load in lost.loads and worker == lost.worker:
            yield f"{task}[{number}] was retried on the worker that was killed"
    starts = "SELECT task_id, map_index, try_number, count(*) FROM log WHERE event = 'running' GROUP BY 1, 2, 3"
    for task, number, attempt, count in cluster.query(starts):
        if count != 1:
            yield f"attempt {attempt} of {task}[{number}] ran {count} times"
    if not any(_in_the_middle(state) for state in lost.loads.values()):
        yield "no load was in the middle when the worker was killed"
    for load, state in lost.loads.items():
        yield from _resumed(lost, load, state, found.get(load), cluster)


def _first_message(load: Load, cluster: RunningCluster) -> str:
    """Return the line that the second attempt of a load logged about where it starts."""
    task, number = load
    logs = cluster.home.glob(f"logs/dag_id=*/run_id=*/task_id={task}/map_index={number}/attempt=2.log")
    lines = [json.loads(line)["event"] for log in logs for line in log.read_text().splitlines()]
    return next((line for line in lines if line.startswith(("Resumes", "Starts at", "An earlier attempt"))), "nothing")


def _resumed(
    lost: Lost, load: Load, state: LoadState | None, account: Account | None, cluster: RunningCluster
) -> Iterator[str]:
    if account is None or state is None or not state.touched or state.complete:
        return
    name = f"{load[0]}[{load[1]}]"
    row = state.lanes["main"].settled.leading + 1
    if account.summary["resumed_from_row"] != row:
        yield f"{name} resumed at row {account.summary['resumed_from_row']}, its checkpoint says {row}"
    message = _first_message(load, cluster)
    if not message.startswith(f"Resumes at row {row:,},"):
        yield f"{name} should have logged that it resumes at row {row:,}: {message}"
    if len(account.held) + account.duplicates > lost.in_flight(load):
        yield f"{name}: {len(account.held)} rows are held and {account.duplicates} duplicated, more than were in flight"


def _running_loads(cluster: RunningCluster) -> dict[str, dict[Load, LoadState | None]]:
    """Return the running loads by worker, with their checkpoints."""
    found: dict[str, dict[Load, LoadState | None]] = {}
    for worker, task, number, value in cluster.query(_RUNNING):
        state = None if value is None else LoadState.read(json.loads(value), "task_state_store")
        found.setdefault(worker, {})[task, number] = state
    return found


def _in_the_middle(state: LoadState | None) -> bool:
    """Return whether some rows have arrived, some are in flight, and some have not been sent."""
    if state is None:
        return False
    main = state.lanes["main"]
    return len(main.settled) > ROWS // 10 and len(_open(state)) > 0 and len(main.claimed) < ROWS


def _open(state: LoadState) -> RowRanges:
    main = state.lanes["main"]
    return main.claimed.without(main.settled)
