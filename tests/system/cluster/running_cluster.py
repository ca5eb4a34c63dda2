"""An Airflow with CeleryExecutor: PostgreSQL, Redis, and workers that can be killed like a lost machine."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.support.paths import ROOT
from tests.support.running_scheduler import TIMEOUT, RunningScheduler
from tests.system.cluster import worker_name

#: Seconds without a heartbeat after which Airflow considers a task dead and retries it. Airflow's default is 300.
HEARTBEAT_TIMEOUT = 30
#: Seconds after which Redis redelivers messages that no worker has acknowledged. Airflow's default is a day. It is
#: longer than a load and shorter than the test, so that the messages of the killed tasks are redelivered.
VISIBILITY_TIMEOUT = 45
#: Seconds after which Airflow queues a task again that no worker has started, such as one that the lost worker had only
#: received. Airflow's default is 600. No load waits so long for a free slot of the remaining worker.
QUEUED_TIMEOUT = 90


class RunningCluster(RunningScheduler):
    """Used as a context manager: API server, scheduler, DAG processor and workers run during the context.

    :param home: an empty directory; ``dags`` in it holds the DAG files.
    :param database: the URL of an empty PostgreSQL database.
    :param broker: the URL of a Redis.
    :param workers: their names.
    :param concurrency: how many tasks each of them runs at a time.
    :param environment: more environment variables.
    """

    def __init__(
        self, home: Path, database: str, broker: str, workers: tuple[str, ...], concurrency: int, **environment: str
    ) -> None:
        settings = {
            "CORE__EXECUTOR": "CeleryExecutor",
            "CORE__PARALLELISM": str(2 * concurrency * len(workers)),
            "CELERY__BROKER_URL": broker,
            "CELERY__RESULT_BACKEND": f"db+{database}",
            "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(VISIBILITY_TIMEOUT),
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT),
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "SCHEDULER__TASK_QUEUED_TIMEOUT": str(QUEUED_TIMEOUT),
            "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
            "WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
        }
        super().__init__(
            home, database, **{f"AIRFLOW__{name}": value for name, value in settings.items()}, **environment
        )
        self._names = workers
        self._concurrency = concurrency
        self._workers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> RunningCluster:
        super().__enter__()
        try:
            self._start("dag-processor", self._running)
            self._workers = {name: self._start_worker(name) for name in self._names}
            self._wait_for_workers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # A task has its own process group, which would survive a worker that does not stop in time.
        for name in self._names:
            self.kill(name)
        super().__exit__()

    def kill(self, name: str) -> int:
        """Kill a worker and all processes it has started, tasks included, like the loss of its machine.

        :returns: how many processes were killed.
        """
        processes: set[psutil.Process] = set()
        with suppress(KeyError, psutil.NoSuchProcess):
            main = psutil.Process(self._workers.pop(name).pid)
            # They are suspended first, so that none of them notices the end of another one or starts one more.
            while new := {main, *main.children(recursive=True)} - processes:
                for process in new:
                    with suppress(psutil.NoSuchProcess):
                        process.suspend()
                processes |= new
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(processes)

    def _start_worker(self, name: str) -> subprocess.Popen[bytes]:
        return self._start(
            f"worker-{name}",
            self._running,
            *("celery", "worker", "--celery-hostname", name, "--concurrency", str(self._concurrency)),
            "--skip-serve-logs",
            AIRFLOW__CORE__HOSTNAME_CALLABLE=f"{worker_name.__name__}.{worker_name.of_this_process.__name__}",
            PYTHONPATH=os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            **{worker_name.VARIABLE: name},
        )

    def _wait_for_workers(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not all(f"{name} ready" in (self.home / f"worker-{name}.log").read_text() for name in self._names):
            assert time.monotonic() < deadline, self.logs()
            assert all(worker.poll() is None for worker in self._workers.values()), self.logs()
            time.sleep(0.5)
