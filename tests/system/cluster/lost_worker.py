"""A worker that is killed while it loads, and what its loads come to."""

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
_ENDED = "SELECT count(*) FROM task_instance WHERE state = 'success'"
_FILES = sum(FILES.values())
_EVENTS = {"events_held", "events_resent"}


@dataclass
class Lost:
    """The worker that was killed.

    :param worker: its name.
    :param processes: how many of them there were.
    :param ended: how many loads had ended before.
    :param loads: the checkpoint of each load it was at; none where a load had not begun.
    """

    worker: str
    processes: int
    ended: int
    loads: dict[Load, LoadState | None]

    def on_their_way(self, load: Load) -> int:
        """Give how many rows may have been on their way."""
        state = self.loads[load]
        return 0 if state is None else len(_open(state))

    def settled(self, load: Load) -> int:
        """Give how many rows had an outcome."""
        state = self.loads[load]
        return 0 if state is None else len(state.lanes["main"].settled)


def lose_one_in_the_middle(cluster: RunningCluster) -> Lost:
    """Kill the worker that is first in the middle of events of both policies; late, events of one will do."""
    end = time.monotonic() + TIMEOUT
    while True:
        by_worker = _at_work(cluster)
        ((ended,),) = cluster.query(_ENDED)
        for worker, loads in by_worker.items():
            halfway = {task for (task, _), state in loads.items() if _in_the_middle(state)} & _EVENTS
            if ended >= _FILES // 5 and (halfway == _EVENTS or (halfway and ended >= _FILES // 2)):
                processes = cluster.kill(worker)
                return Lost(worker, processes, ended, _left_by(worker, cluster))
        assert ended < _FILES, "no worker was ever in the middle of events"
        assert time.monotonic() < end, cluster.logs()
        time.sleep(0.3)


def _left_by(worker: str, cluster: RunningCluster) -> dict[Load, LoadState | None]:
    """Give the loads of a worker that was killed, once what it asked of the API server last is done."""
    before = None
    while True:
        left = _at_work(cluster).get(worker, {})
        now = {load: None if state is None else state.to_dict() for load, state in left.items()}
        if now == before:
            return left
        before = now
        time.sleep(1)


def what_became_of(lost: Lost, found: dict[Load, Account], cluster: RunningCluster) -> Iterator[str]:
    """Say what is wrong with the loads of the worker that was killed, and with how the others ran."""
    rows = cluster.query("SELECT task_id, map_index, state, try_number, hostname FROM task_instance")
    for task, number, state, tries, worker in rows:
        load = (task, number)
        if state != "success":
            yield f"{task}[{number}] is {state}"
        if tries != (2 if load in lost.loads else 1):
            yield f"{task}[{number}] was tried {tries} times"
        elif load in lost.loads and worker == lost.worker:
            yield f"{task}[{number}] was tried again on the worker that was killed"
    begun = "SELECT task_id, map_index, try_number, count(*) FROM log WHERE event = 'running' GROUP BY 1, 2, 3"
    for task, number, tries, count in cluster.query(begun):
        if count != 1:
            yield f"try {tries} of {task}[{number}] ran {count} times"
    if not any(_in_the_middle(state) for state in lost.loads.values()):
        yield "no load was in the middle when the worker was killed"
    for load, state in lost.loads.items():
        yield from _resumed(lost, load, state, found.get(load), cluster)


def _said_first(load: Load, cluster: RunningCluster) -> str:
    """Give what the second try of a load has logged of where it starts."""
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
        yield f"{name} went on at row {account.summary['resumed_from_row']}, its checkpoint says {row}"
    said = _said_first(load, cluster)
    if not said.startswith(f"Resumes at row {row:,},"):
        yield f"{name} should have said that it goes on at row {row:,}: {said}"
    if len(account.held) + account.again > lost.on_their_way(load):
        yield f"{name}: {len(account.held)} rows are held and {account.again} doubled, more than were on their way"


def _at_work(cluster: RunningCluster) -> dict[str, dict[Load, LoadState | None]]:
    """Give the loads that run, by worker, with what their checkpoints say."""
    found: dict[str, dict[Load, LoadState | None]] = {}
    for worker, task, number, value in cluster.query(_RUNNING):
        state = None if value is None else LoadState.read(json.loads(value), "task_state_store")
        found.setdefault(worker, {})[task, number] = state
    return found


def _in_the_middle(state: LoadState | None) -> bool:
    """Tell whether rows have arrived, rows are on their way, and rows have not been sent."""
    if state is None:
        return False
    main = state.lanes["main"]
    return len(main.settled) > ROWS // 10 and len(_open(state)) > 0 and len(main.claimed) < ROWS


def _open(state: LoadState) -> RowRanges:
    main = state.lanes["main"]
    return main.claimed.without(main.settled)
