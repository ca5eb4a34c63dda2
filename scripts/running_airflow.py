"""A whole Airflow on this machine, with scheduler and UI, and what one asks of it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.local_airflow import PYTHON, ROOT, airflow_environment, background, free_port, server_settings

#: Seconds; starting takes half a minute on two cores, and much longer when they are busy.
LONGEST_START = 300.0
LONGEST_RUN = 300.0
#: Seconds the API may take for one answer while other programs have the machine.
LONGEST_ANSWER = 120.0
#: Seconds for which one insists: on SQLite, one of two that write at once is told at once that the database is locked.
LONGEST_LOCK = 120.0
#: Lines of a task's log that this package wrote come from loggers that begin so.
OUR_LOGGER = "airflow.task.operators.airflow_provider_clevertap"


@dataclass
class Run:
    """One run of a DAG that has ended."""

    dag_id: str
    run_id: str
    state: str
    interval: tuple[str, str]


class AirflowApi:
    """The API of an Airflow 3 on this machine that asks nobody for a login.

    What fails inside Airflow is asked again, as a person would do: its database may have been locked.

    :param address: of its UI and API.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._token = ""

    def ask(self, path: str, **body: Any) -> Any:
        """Ask; with a body, POST it."""
        return self._request(path, body, "POST" if body else "GET")

    def change(self, path: str, **body: Any) -> Any:
        """Change what is there (PATCH)."""
        return self._request(path, body, "PATCH")

    def _request(self, path: str, body: dict[str, Any], method: str) -> Any:
        end = time.monotonic() + LONGEST_LOCK
        while True:
            try:
                return self._request_once(path, body, method)
            except urllib.error.HTTPError as error:
                if error.code < 500 or time.monotonic() > end:
                    raise
                time.sleep(0.3)

    def _request_once(self, path: str, body: dict[str, Any], method: str) -> Any:
        if not self._token:
            with urllib.request.urlopen(f"{self.address}/auth/token", timeout=LONGEST_ANSWER) as answer:
                self._token = json.load(answer)["access_token"]
        request = urllib.request.Request(
            f"{self.address}/api/v2/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=LONGEST_ANSWER) as answer:
            return json.load(answer)


@dataclass
class RunningAirflow:
    """An Airflow that answers.

    :param directory: where it lives.
    :param address: of its UI and API.
    :param process: ``airflow standalone``.
    """

    directory: Path
    address: str
    environment: dict[str, str] = field(repr=False)
    process: subprocess.Popen[bytes]
    _api: AirflowApi = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._api = AirflowApi(self.address)

    def command(self, *arguments: str) -> str:
        """Run one ``airflow`` command, again where its database was locked; give what it printed."""
        end = time.monotonic() + LONGEST_LOCK
        while True:
            done = subprocess.run(
                [PYTHON, "-m", "airflow", *arguments],
                env=self.environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
            )
            if not done.returncode:
                return done.stdout
            if "database is locked" not in done.stdout or time.monotonic() > end:
                raise SystemExit(f"airflow {' '.join(arguments)} failed:\n{done.stdout[-4_000:]}")

    def ask(self, path: str, **body: Any) -> Any:
        """Ask the API; with a body, POST it."""
        return self._api.ask(path, **body)

    def have_connection(self, conn_id: str, **fields: Any) -> None:
        """Make a connection, or change the one there is."""
        body = {"connection_id": conn_id, **fields}
        with _unless_it_is_there() as made:
            self._api.ask("connections", **body)
            made.append(conn_id)
        if not made:
            self._api.change(f"connections/{conn_id}", **body)

    def have_pool(self, name: str, slots: int) -> None:
        """Make a pool, unless there is one."""
        with _unless_it_is_there():
            self._api.ask("pools", name=name, slots=slots)

    def wait_for_dag(self, dag_id: str) -> None:
        """Wait until the DAG's file has been read."""
        end = time.monotonic() + LONGEST_START
        while time.monotonic() < end:
            try:
                self.ask(f"dags/{dag_id}")
                return
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
                time.sleep(0.3)
        raise SystemExit(f"Airflow has not found {dag_id}: {self.ask('importErrors')}")

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> Run:
        """Start a run and wait for its end."""
        started = self.ask(f"dags/{dag_id}/dagRuns", logical_date=None, conf=conf)
        (run,) = self.ended(dag_id, 1, dag_run_id=started["dag_run_id"])
        return run

    def ended(self, dag_id: str, count: int, dag_run_id: str = "", **which: str) -> Iterator[Run]:
        """Wait for runs; give each as it ends.

        :param count: how many to wait for.
        :param dag_run_id: the one run to wait for; else those that ``which`` selects, such as ``run_type="backfill"``.
        """
        seen: set[str] = set()
        end = time.monotonic() + LONGEST_RUN
        asked = urllib.parse.urlencode({"order_by": "end_date", **which})
        while len(seen) < count:
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit(f"{dag_id} has not come to an end; see {self.directory / 'airflow.log'}")
            for one in self.ask(f"dags/{dag_id}/dagRuns?{asked}")["dag_runs"]:
                run = one["dag_run_id"]
                if run not in seen and dag_run_id in ("", run) and one["state"] in ("success", "failed"):
                    seen.add(run)
                    interval = (one["data_interval_start"] or "", one["data_interval_end"] or "")
                    yield Run(dag_id, run, one["state"], interval)
            time.sleep(0.3)

    def returned(self, run: Run, task_id: str) -> Any:
        """Give what a task returned, from XCom."""
        place = f"dags/{run.dag_id}/dagRuns/{urllib.parse.quote(run.run_id)}/taskInstances/{task_id}"
        return self.ask(f"{place}/xcomEntries/return_value")["value"]

    def log_of(self, run: Run, task_id: str) -> Path:
        """Give the log of a task's first try."""
        where = f"dag_id={run.dag_id}/run_id={run.run_id}/task_id={task_id}/attempt=1.log"
        return self.directory / "logs" / where

    def logged(self, run: Run, task_id: str) -> list[str]:
        """Give what this package wrote into a task's log."""
        lines = map(json.loads, self.log_of(run, task_id).read_text(encoding="utf-8").splitlines())
        return [line["event"] for line in lines if line.get("logger", "").startswith(OUR_LOGGER)]


@contextmanager
def _unless_it_is_there() -> Iterator[list[str]]:
    try:
        yield []
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise


@contextmanager
def running_airflow(
    directory: Path, connections: dict[str, dict[str, Any]], pools: dict[str, int]
) -> Iterator[RunningAirflow]:
    """Run ``airflow standalone`` with the example DAGs; it is stopped at the end, whatever happens.

    DAGs do not run by their schedules: only what somebody starts runs.

    :param directory: where it lives.
    :param connections: each connection's JSON form, by its id.
    :param pools: slots of each pool, by its name.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = airflow_environment(
        directory, CORE__PARALLELISM="4", SCHEDULER__USE_JOB_SCHEDULE="False", **server_settings(port)
    )
    log = directory / "airflow.log"
    with background([PYTHON, "-m", "airflow", "standalone"], environment, log, patience=30) as process:
        _wait_until_healthy(address, process, log)
        airflow = RunningAirflow(directory, address, environment, process)
        for conn_id, connection in connections.items():
            airflow.have_connection(conn_id, **connection)
        for name, slots in pools.items():
            airflow.have_pool(name, slots)
        yield airflow


def _wait_until_healthy(address: str, airflow: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until Airflow's API answers."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end and airflow.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=LONGEST_ANSWER):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"Airflow did not start; see {log}")
