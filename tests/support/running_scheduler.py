"""A private Airflow for a test, with a scheduler and LocalExecutor, in processes and on ports of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.local_airflow import PYTHON, airflow_environment, background, free_port, server_settings
from scripts.running_airflow import AirflowApi

AIRFLOW_2 = version("apache-airflow").startswith("2.")
#: Seconds. A minute is enough on two free cores, but the machine may be busy.
TIMEOUT = 600

#: Runs several airflow commands in one process, because starting Airflow takes longer than each of them.
COMMANDS = """
import json, sys
from airflow.__main__ import main
for command in json.loads(sys.argv[1]):
    sys.argv = ["airflow", *command]
    main()
"""

#: Marks a task as failed as the UI of Airflow 2 does; there is no command for it.
MARK_FAILED_2 = """
import sys
from airflow.models.dagbag import DagBag
from airflow.utils.state import TaskInstanceState
dag_id, run_id, task_id = sys.argv[1:]
dag = DagBag(read_dags_from_db=True).get_dag(dag_id)
dag.set_task_instance_state(task_id=task_id, run_id=run_id, state=TaskInstanceState.FAILED)
"""


class RunningScheduler:
    """Used as a context manager: the scheduler runs during the context.

    :param home: an empty directory; ``dags`` in it holds the DAG files.
    :param database: the URL of its database. With SQLite, Airflow 2 does not run LocalExecutor.
    :param environment: more environment variables.
    """

    def __init__(self, home: Path, database: str, **environment: str) -> None:
        self.home = home
        self.database = database
        (home / "dags").mkdir(parents=True, exist_ok=True)
        self._environment = airflow_environment(home, **self._settings(free_port())) | environment
        # One request alone may wait for the lock as long as the database allows.
        self._api = AirflowApi(self._environment["AIRFLOW__API__BASE_URL"], lock_timeout=TIMEOUT)
        self._running = ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *commands: list[str]) -> None:
        """Run airflow commands, one after the other."""
        self._python(COMMANDS, json.dumps(commands))

    def _python(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [PYTHON, "-c", program, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, sql: str, **values: str) -> list[Any]:
        """Return the rows of a query on Airflow's database; an airflow command would take seconds."""
        from sqlalchemy import create_engine, text

        with create_engine(self.database).connect() as connection:
            return list(connection.execute(text(sql), values).fetchall())

    def mark_failed(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Mark a task as failed, as in the UI."""
        if AIRFLOW_2:
            self._python(MARK_FAILED_2, dag_id, run_id, task_id)
        else:
            path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
            self._api.change(path, new_state="failed")

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear a task, as in the UI."""
        if AIRFLOW_2:
            self.run(["tasks", "clear", "--yes", "--task-regex", f"^{task_id}$", dag_id])
        else:
            body = {"task_ids": [task_id], "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
            self._api.request(f"dags/{dag_id}/clearTaskInstances", dry_run=False, **body)

    def log_of(self, dag_id: str, run_id: str, attempt: int) -> str:
        """Return the log of an attempt; each DAG here has one task."""
        (path,) = self.home.glob(f"logs/dag_id={dag_id}/run_id={run_id}/**/attempt={attempt}.log")
        return path.read_text(errors="replace")

    def logs(self) -> str:
        """Return the ends of all logs of processes and tasks."""
        paths = sorted([*self.home.glob("*.log"), *self.home.glob("logs/dag_id=*/**/*.log")])
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-4_000:]}" for path in paths)

    def __enter__(self) -> RunningScheduler:
        with ExitStack() as stack:
            if not AIRFLOW_2:  # tasks report to the API server: one that starts before it fails
                self._start("api-server", stack)
                self._wait_for_server()
            self._start("scheduler", stack)
            self._running = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def kill(self, name: str) -> None:
        """Kill a process such as ``api-server``, and all processes it has started."""
        os.killpg(self._processes[name].pid, signal.SIGKILL)
        self._processes[name].wait()

    def restart(self, name: str) -> None:
        """Start a process that was killed."""
        (self.home / f"{name}.log").rename(self.home / f"{name}-before.log")
        self._start(name, self._running)

    def _start(self, name: str, stack: ExitStack, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start an airflow command that keeps running; return its process.

        :param name: the name of its log, and by default the command.
        """
        line = [PYTHON, "-m", "airflow", *(command or [name])]
        log = self.home / f"{name}.log"
        started = stack.enter_context(background(line, self._environment | environment, log, stop_seconds=30))
        self._processes[name] = started
        return started

    def _wait_for_server(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                urllib.request.urlopen(
                    f"{self._environment['AIRFLOW__API__BASE_URL']}/api/v2/version", timeout=60
                ).close()
                return
            except OSError:
                assert self._processes["api-server"].poll() is None, self.logs()
                assert time.monotonic() < deadline, self.logs()
                time.sleep(0.5)

    def _settings(self, port: int) -> dict[str, str]:
        return {
            **server_settings(port),
            "CORE__DAGS_FOLDER": str(self.home / "dags"),
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "8",
            "DATABASE__SQL_ALCHEMY_CONN": self.database,
            "API_AUTH__JWT_SECRET": "known-to-both-the-server-and-the-scheduler-and-long-enough-to-sign-with",
        }
