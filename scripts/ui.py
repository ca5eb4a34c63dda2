"""Run Airflow with its UI, the example DAGs, a local CleverTap and the connection to it, until Ctrl-C.

Run it with ``make ui``. Everything is still there at the next start, as after a power failure: runs, their checkpoints,
and what CleverTap has received. ``make ui FRESH=1`` starts with nothing.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from scripts.local_airflow import (
    EXAMPLES,
    POOLS,
    connection_to,
    emulator,
    end_processes_of,
    fresh_directory,
    own_directory,
    shop_in,
    stop_on_sigterm,
)
from scripts.running_airflow import running_airflow

#: Seconds of a slow service. With it the long file takes a minute: long enough to kill its load.
LATENCY = 1.0
LONG_ROWS = 600_000


def main() -> None:
    """Start everything, print the addresses, wait, and stop everything."""
    directory = own_directory("ui")
    end_processes_of(directory)
    if os.environ.get("FRESH"):
        fresh_directory("ui")
    is_restart = (directory / "airflow.db").exists()
    with emulator(directory, latency=LATENCY) as url:
        print("Airflow is starting; this takes about half a minute.", flush=True)
        connections = {"clevertap_default": connection_to(url), "shop_db": shop_in(directory)}
        with running_airflow(directory, connections, POOLS) as airflow:
            print(
                f"Airflow       {airflow.address}   (no login is needed)\n"
                f"CleverTap     {url}   (what has arrived)\n"
                f"Connections   {airflow.address}/connections   (clevertap_default: see the form, press Test)\n"
                f"Example DAGs  {EXAMPLES}   (trigger one_off_load and fill in its form, or any other)\n"
                f"A long file   {long_file(directory)}   (its load takes a minute: kill it, see docs/ui.md)\n"
                f"Logs          {directory / 'airflow.log'}\n"
                + ("Everything is as it was at the last stop; FRESH=1 starts with nothing.\n" if is_restart else "")
                + "Press Ctrl-C to stop.",
                flush=True,
            )
            while airflow.process.poll() is None:
                time.sleep(0.5)
            raise SystemExit(f"Airflow has stopped; see {directory / 'airflow.log'}")


def long_file(directory: Path) -> Path:
    """Write a file of customers whose load takes long enough to be killed, unless it exists; return its path."""
    path = directory / "many_customers.csv"
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            file.write("customer_id,full_name,email,mobile,city\n")
            file.writelines(f"cust-{row},Customer {row},c{row}@example.com,,Porto\n" for row in range(LONG_ROWS))
    return path


if __name__ == "__main__":
    stop_on_sigterm()
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        sys.exit(0)
