"""Run Airflow with its UI, the example DAGs, a local CleverTap and the connection to it, until Ctrl-C.

Run it with ``make ui``.
"""

from __future__ import annotations

import sys
import time

from local_airflow import EXAMPLES, POOLS, connection_to, emulator, fresh_directory, shop_in, stop_on_sigterm
from running_airflow import running_airflow


def main() -> None:
    """Start everything, say where it is, wait, stop everything."""
    directory = fresh_directory("ui")
    with emulator(directory) as url:
        print("Airflow is starting; this takes about half a minute.", flush=True)
        connections = {"clevertap_default": connection_to(url), "shop_db": shop_in(directory)}
        with running_airflow(directory, connections, POOLS) as airflow:
            print(
                f"Airflow       {airflow.address}   (no login is needed)\n"
                f"CleverTap     {url}   (what has arrived)\n"
                f"Connections   {airflow.address}/connections   (clevertap_default: look at the form, press Test)\n"
                f"Example DAGs  {EXAMPLES}   (trigger one_off_load and fill in its form, or any other)\n"
                f"Logs          {directory / 'airflow.log'}\n"
                "Press Ctrl-C to stop.",
                flush=True,
            )
            while airflow.process.poll() is None:
                time.sleep(0.5)
            raise SystemExit(f"Airflow has ended; see {directory / 'airflow.log'}")


if __name__ == "__main__":
    stop_on_sigterm()
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        sys.exit(0)
