"""Run Airflow with its UI, the example DAGs, a local CleverTap and the connection to it, until Ctrl-C.

Run it with ``make ui``.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from local_airflow import (
    EXAMPLES,
    PYTHON,
    ROOT,
    airflow_environment,
    background,
    connection_to,
    emulator,
    free_port,
    fresh_directory,
    stop_on_sigterm,
)

#: Starting takes half a minute on two cores.
LONGEST_START = 180.0


def settings(port: int) -> dict[str, str]:
    """Give the settings that let an Airflow run beside others: every port its own, and no login on this machine."""
    address = f"http://127.0.0.1:{port}"
    return {
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": address,
        "API__WORKERS": "1",
        "CORE__PARALLELISM": "4",
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }


def wait_until_healthy(address: str, airflow: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until Airflow's API answers."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        if airflow.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"Airflow did not start; see {log}")


def main() -> None:
    """Start everything, say where it is, wait, stop everything."""
    directory = fresh_directory("ui")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = airflow_environment(directory, **settings(port))
    with emulator(directory) as url:
        print("Airflow is starting; this takes about half a minute.", flush=True)
        with (directory / "prepare.log").open("wb") as log:
            for command in (
                ["db", "migrate"],
                ["connections", "add", "clevertap_default", "--conn-json", connection_to(url)],
            ):
                subprocess.run(
                    [PYTHON, "-m", "airflow", *command], env=environment, cwd=ROOT, stdout=log, stderr=log, check=True
                )
        log_file = directory / "airflow.log"
        with background([PYTHON, "-m", "airflow", "standalone"], environment, log_file, patience=30) as airflow:
            wait_until_healthy(address, airflow, log_file)
            print(
                f"Airflow       {address}   (no login is needed)\n"
                f"CleverTap     {url}   (what has arrived)\n"
                f"Connection    {address}/connections   (clevertap_default: look at the form, press Test)\n"
                f"Example DAGs  {EXAMPLES}   (trigger nightly_profiles_from_csv, or give it another file)\n"
                f"Logs          {log_file}\n"
                "Press Ctrl-C to stop.",
                flush=True,
            )
            while airflow.poll() is None:
                time.sleep(0.5)
            raise SystemExit(f"Airflow has ended; see {log_file}")


if __name__ == "__main__":
    stop_on_sigterm()
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        sys.exit(0)
