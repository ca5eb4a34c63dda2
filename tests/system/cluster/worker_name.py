"""The host name that a worker of the cluster reports, as all workers run on one machine here."""

from __future__ import annotations

import os

VARIABLE = "CLUSTER_WORKER"


def of_this_process() -> str:
    """Return the name; Airflow calls this for ``[core] hostname_callable``."""
    return os.environ[VARIABLE]
