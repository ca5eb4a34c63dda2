"""Tasks that are stopped in good order under a real scheduler leave nothing unknown, and what a person does then.

Marked as failed, cleared while running, timed out, terminated with their worker: four loads of events with
``on_unconfirmed="resend"``, so that an event that was in doubt would be there twice.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.clevertap_connections import connection_json
from tests.support.running_scheduler import AIRFLOW_2, TIMEOUT, RunningScheduler

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

ROWS = 60_000
#: After some requests that are answered at once, seconds for each of the others: two at a time they take three minutes,
#: in which a busy machine gets to stop all four loads.
DELAY = {"do": "delay", "seconds": 6, "skip": 4}
#: Seconds Airflow is to grant a task to end. Its own five are for machines that are not busy.
GRACE = 300

DAGS = """
import os
from datetime import datetime, timedelta
from pathlib import Path
from airflow.providers.common.compat.sdk import DAG, task

for name, retries, seconds in (
    ("marked", 0, None), ("cleared", 0, None), ("timed", 1, 3_600), ("terminated", 1, None),
):
    with DAG(name, schedule=None, start_date=datetime(2026, 1, 1)):

        @task.clevertap_events(
            columns={{"id": "identity"}}, event_name="Viewed", max_in_flight=2, on_unconfirmed="resend",
            clevertap_conn_id=name, artifacts_path={artifacts!r}, retries=retries, retry_delay=timedelta(0),
            execution_timeout=None if seconds is None else timedelta(seconds=seconds),
        )
        def load(name=name):
            Path({home!r}, name + ".pid").write_text(f"{{os.getpid()}} {{os.getppid()}}")
            return {source!r}

        load()
"""

#: Read by Airflow 3 as it starts; it has no setting for this.
LOCAL_SETTINGS = f"""
from airflow.sdk.execution_time import supervisor

ours = supervisor.WatchedSubprocess
first, _, last = ours.kill.__defaults__
ours.kill.__defaults__ = (first, {GRACE}, last)

# It looks whether the task has ended when that time is over, or something is heard of it: now every second.
look = ours._service_subprocess
ours._service_subprocess = lambda self, max_wait_time, **options: look(self, min(max_wait_time, 1.0), **options)
"""
NAMES = ("marked", "cleared", "timed", "terminated")
RUN, NEXT_RUN = "first", "second"


@pytest.fixture
def accounts() -> Iterator[dict[str, RunningEmulator]]:
    """Start a separate emulator for each load."""
    with ExitStack() as running:
        made = {name: running.enter_context(RunningEmulator()) for name in NAMES}
        for account in made.values():
            account.inject(DELAY)
        yield made


@pytest.fixture
def airflow(scheduler_database: str, accounts: dict[str, RunningEmulator], tmp_path: Path) -> RunningScheduler:
    """Return an Airflow in which each of the four DAGs waits to be run; it does not work yet."""
    source = tmp_path / "views.csv"
    source.write_text("id,ts\n" + "".join(f"c-{row},{1_700_000_000 + row}\n" for row in range(ROWS)))
    connections = {
        f"AIRFLOW_CONN_{name.upper()}": connection_json(
            login=account.account_id, password=account.passcode, host=account.url
        )
        for name, account in accounts.items()
    }
    made = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW__CORE__KILLED_TASK_CLEANUP_TIME=str(GRACE),  # of Airflow 2
        **connections,
    )
    if not AIRFLOW_2:
        (made.home / "config").mkdir()
        (made.home / "config" / "airflow_local_settings.py").write_text(LOCAL_SETTINGS)
    dags = DAGS.format(artifacts=str(tmp_path / "left"), home=str(made.home), source=str(source))
    (made.home / "dags" / "views.py").write_text(dags)
    made.run(["dags", "reserialize"], *(["dags", "trigger", "--run-id", RUN, name] for name in NAMES))
    return made


class Load:
    """The task of one of the DAGs, and what has come of it."""

    def __init__(self, name: str, airflow: RunningScheduler, account: RunningEmulator) -> None:
        self.name = name
        self.account = account
        self._airflow = airflow

    def wait(self, condition: Callable[[], Any]) -> None:
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, self._airflow.logs()
            time.sleep(0.2)

    def under_way(self) -> Load:
        self.wait(lambda: self.account.stats()["stored"]["events"])
        return self

    def ids(self) -> tuple[int, int]:
        """Return the ids of the task's process, and of the one that watches over it."""
        pid, parent = (self._airflow.home / f"{self.name}.pid").read_text().split()
        return int(pid), int(parent)

    def is_over(self) -> bool:
        """Return whether the process of the latest attempt has ended."""
        return not Path(f"/proc/{self.ids()[0]}").exists()

    def state(self, run_id: str = RUN) -> tuple[Any, ...]:
        sql = "SELECT state, try_number, max_tries FROM task_instance WHERE dag_id = :dag_id AND run_id = :run_id"
        return tuple(self._airflow.query(sql, dag_id=self.name, run_id=run_id)[0])

    def is_tried_again(self) -> bool:
        return int(self.state()[1]) > 1

    def hurry(self) -> None:
        self.account.clear_faults()

    def succeeds(self, tries: int, run_id: str = RUN) -> None:
        self.wait(lambda: self.state(run_id)[0] in ("success", "failed"))
        state, number, _ = self.state(run_id)
        assert (state, number >= tries) == ("success", True), self._airflow.logs()

    def check_copies(self, number: int) -> None:
        """Check that each event is there so often: CleverTap makes a profile for each of these people."""
        stored = self.account.stats()["stored"]
        assert (self.name, stored["profiles"], stored["events"]) == (self.name, ROWS, number * ROWS), (
            self._airflow.logs()
        )

    def log_of(self, attempt: int, run_id: str = RUN) -> str:
        return self._airflow.log_of(self.name, run_id, attempt)


def test_what_stops_in_good_order_leaves_nothing_unknown_and_is_gone_on_with(
    airflow: RunningScheduler, accounts: dict[str, RunningEmulator]
) -> None:
    loads = [Load(name, airflow, accounts[name]) for name in NAMES]
    marked, cleared, timed, terminated = loads
    with airflow:
        os.kill(terminated.under_way().ids()[1], signal.SIGTERM)  # as when a worker shuts down
        os.kill(timed.under_way().ids()[0], signal.SIGALRM)  # as the timer does with which Airflow counts the hour
        airflow.mark_failed(marked.under_way().name, RUN, "load")
        airflow.clear(cleared.under_way().name, RUN, "load")
        marked.wait(marked.is_over)
        marked.hurry()
        airflow.clear(marked.name, RUN, "load")
        for load in (cleared, terminated, timed):
            load.wait(load.is_tried_again)
            load.hurry()
        for load in loads:
            load.succeeds(tries=2)
            load.check_copies(1)
            number = load.state()[1]
            assert "Resumes at row" in load.log_of(number)
            for attempt in range(1, number + 1):
                assert "may have been on their way" not in load.log_of(attempt)
                assert "last state of the checkpoint was not saved" not in load.log_of(attempt)

        # What is complete is loaded again when a person asks for it, and by a new run.
        before = marked.state()
        airflow.clear(marked.name, RUN, "load")
        airflow.run(["dags", "trigger", "--run-id", NEXT_RUN, cleared.name])
        marked.wait(lambda: marked.state()[1] > before[1])
        marked.succeeds(tries=3)
        cleared.succeeds(tries=1, run_id=NEXT_RUN)
        assert "cleared after its load was complete, so all rows are loaded again" in marked.log_of(3)
        assert "Starts at row 1: no earlier attempt has left a checkpoint" in cleared.log_of(1, NEXT_RUN)
        marked.check_copies(2)
        cleared.check_copies(2)
