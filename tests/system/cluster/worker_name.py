"""What a worker of the cluster says its host is called: several of them are on one machine here."""

from __future__ import annotations

import os

VARIABLE = "CLUSTER_WORKER"


def of_this_process() -> str:
    """Give the name; Airflow calls this for ``[core] hostname_callable``."""
    return os.environ[VARIABLE]
