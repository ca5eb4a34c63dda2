"""A complete Airflow on this machine, with scheduler and UI, and the requests to its API."""

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

#: Seconds. Starting takes half a minute on two cores, and much longer when they are busy.
START_TIMEOUT = 300.0
RUN_TIMEOUT = 300.0
#: Seconds the API may take for one answer on a busy machine.
ANSWER_TIMEOUT = 600.0
#: Seconds for which a request is repeated: with SQLite, one of two concurrent writes fails as the database is locked.
LOCK_TIMEOUT = 120.0
#: The names of this package's loggers in the log of a task begin with this.
OUR_LOGGER = "airflow.task.operators.airflow_provider_clevertap"


@dataclass
class Run:
    """A finished run of a DAG."""

    dag_id: str
    run_id: str
    state: str
    interval: tuple[str, str]


class AirflowApi:
    """The API of an Airflow 3 on this machine that needs no login.

    Requests that fail inside Airflow are repeated, as its database may have been locked.

    :param address: the address of its UI and API.
    :param lock_timeout: seconds for which a request is repeated.
    """

    def __init__(self, address: str, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self.address = address
        self._lock_timeout = lock_timeout
        self._token = ""

    def request(self, path: str, **body: Any) -> Any:
        """GET a path, or POST a body to it; return the answer."""
        return self._request(path, body, "POST" if body else "GET")

    def change(self, path: str, **body: Any) -> Any:
        """PATCH what is at a path; return the answer."""
        return self._request(path, body, "PATCH")

    def _request(self, path: str, body: dict[str, Any], method: str) -> Any:
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                return self._request_once(path, body, method)
            except urllib.error.HTTPError as error:
                if error.code < 500 or time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def _request_once(self, path: str, body: dict[str, Any], method: str) -> Any:
        if not self._token:
            with urllib.request.urlopen(f"{self.address}/auth/token", timeout=ANSWER_TIMEOUT) as answer:
                self._token = json.load(answer)["access_token"]
        request = urllib.request.Request(
            f"{self.address}/api/v2/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT) as answer:
            return json.load(answer)


@dataclass
class RunningAirflow:
    """A running Airflow.

    :param directory: its ``AIRFLOW_HOME``.
    :param address: the address of its UI and API.
    :param process: the process of ``airflow standalone``.
    """

    directory: Path
    address: str
    environment: dict[str, str] = field(repr=False)
    process: subprocess.Popen[bytes]
    _api: AirflowApi = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._api = AirflowApi(self.address)

    def command(self, *arguments: str) -> str:
        """Run one ``airflow`` command, repeated while its database is locked; return its output."""
        deadline = time.monotonic() + LOCK_TIMEOUT
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
            if "database is locked" not in done.stdout or time.monotonic() > deadline:
                raise SystemExit(f"airflow {' '.join(arguments)} failed:\n{done.stdout[-4_000:]}")

    def request(self, path: str, **body: Any) -> Any:
        """GET a path of the API, or POST a body to it; return the answer."""
        return self._api.request(path, **body)

    def have_connection(self, conn_id: str, **fields: Any) -> None:
        """Create a connection, or change the existing one."""
        body = {"connection_id": conn_id, **fields}
        with _ignore_conflict() as created:
            self._api.request("connections", **body)
            created.append(conn_id)
        if not created:
            self._api.change(f"connections/{conn_id}", **body)

    def have_pool(self, name: str, slots: int) -> None:
        """Create a pool, unless it exists."""
        with _ignore_conflict():
            self._api.request("pools", name=name, slots=slots)

    def wait_for_dag(self, dag_id: str) -> None:
        """Wait until Airflow has read the DAG's file."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            try:
                self.request(f"dags/{dag_id}")
                return
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
                time.sleep(0.3)
        raise SystemExit(f"Airflow has not found {dag_id}: {self.request('importErrors')}")

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> Run:
        """Start a run, wait until it has finished, and return it."""
        started = self.request(f"dags/{dag_id}/dagRuns", logical_date=None, conf=conf)
        (run,) = self.finished_runs(dag_id, 1, dag_run_id=started["dag_run_id"])
        return run

    def finished_runs(self, dag_id: str, count: int, dag_run_id: str = "", **query: str) -> Iterator[Run]:
        """Wait for runs, and yield each when it has finished.

        :param count: how many to wait for.
        :param dag_run_id: the only run to wait for.
        :param query: otherwise, which runs, such as ``run_type="backfill"``.
        """
        seen: set[str] = set()
        deadline = time.monotonic() + RUN_TIMEOUT
        parameters = urllib.parse.urlencode({"order_by": "end_date", **query})
        while len(seen) < count:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"{dag_id} has not finished; see {self.directory / 'airflow.log'}")
            for found in self.request(f"dags/{dag_id}/dagRuns?{parameters}")["dag_runs"]:
                run = found["dag_run_id"]
                if run not in seen and dag_run_id in ("", run) and found["state"] in ("success", "failed"):
                    seen.add(run)
                    interval = (found["data_interval_start"] or "", found["data_interval_end"] or "")
                    yield Run(dag_id, run, found["state"], interval)
            time.sleep(0.3)

    def return_value(self, run: Run, task_id: str) -> Any:
        """Return what a task returned, from XCom."""
        task = f"dags/{run.dag_id}/dagRuns/{urllib.parse.quote(run.run_id)}/taskInstances/{task_id}"
        return self.request(f"{task}/xcomEntries/return_value")["value"]

    def log_path(self, run: Run, task_id: str) -> Path:
        """Return the path of the log of a task's first attempt."""
        path = f"dag_id={run.dag_id}/run_id={run.run_id}/task_id={task_id}/attempt=1.log"
        return self.directory / "logs" / path

    def log_lines(self, run: Run, task_id: str) -> list[str]:
        """Return the lines this package wrote into a task's log."""
        lines = map(json.loads, self.log_path(run, task_id).read_text(encoding="utf-8").splitlines())
        return [line["event"] for line in lines if line.get("logger", "").startswith(OUR_LOGGER)]


@contextmanager
def _ignore_conflict() -> Iterator[list[str]]:
    """Ignore the answer that something exists already."""
    try:
        yield []
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise


@contextmanager
def running_airflow(
    directory: Path, connections: dict[str, dict[str, Any]], pools: dict[str, int]
) -> Iterator[RunningAirflow]:
    """Run ``airflow standalone`` with the example DAGs during a context.

    DAGs do not run on their schedules, only when they are triggered.

    :param directory: its ``AIRFLOW_HOME``.
    :param connections: each connection's JSON form, by its id.
    :param pools: slots of each pool, by its name.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = airflow_environment(
        directory, CORE__PARALLELISM="4", SCHEDULER__USE_JOB_SCHEDULE="False", **server_settings(port)
    )
    log = directory / "airflow.log"
    with background([PYTHON, "-m", "airflow", "standalone"], environment, log, stop_seconds=30) as process:
        _wait_until_healthy(address, process, log)
        airflow = RunningAirflow(directory, address, environment, process)
        for conn_id, connection in connections.items():
            airflow.have_connection(conn_id, **connection)
        for name, slots in pools.items():
            airflow.have_pool(name, slots)
        yield airflow


def _wait_until_healthy(address: str, airflow: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until Airflow's API answers."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and airflow.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=ANSWER_TIMEOUT):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"Airflow did not start; see {log}")
