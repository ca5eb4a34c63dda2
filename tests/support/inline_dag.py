"""Run a DAG that is in no DAG file."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def dag_bag_module() -> Any:
    """Return Airflow's module of DAG bags, which Airflow 3.2 has moved."""
    try:
        return import_module("airflow.dag_processing.dagbag")
    except ImportError:
        return import_module("airflow.models.dagbag")


def in_this_process(dag: Any, *, at: datetime | None = None, **options: Any) -> Any:
    """Run all tasks of a DAG in this process and return the DAG run.

    Airflow 3 runs only DAGs in its database, so the DAG is written there first.

    :param at: when the run starts, by default now. Its data interval is the last one that ended before.
    """
    if find_spec("airflow.sdk") is None:  # Airflow 2
        with suppress(ImportError):  # its user table is needed to delete an earlier run of that date
            import airflow.providers.fab.auth_manager.models  # noqa: F401
        log = logging.getLogger("airflow.task")
        handlers = list(log.handlers)
        try:
            return dag.test(execution_date=at, **options)
        finally:
            log.handlers[:] = handlers  # one of the run writes to a standard output that ends with its test
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    module = dag_bag_module()
    bag = module.DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    if hasattr(module, "sync_bag_to_db"):
        module.sync_bag_to_db(bag, "dags-folder", None)
    else:  # Airflow 3.0
        bag.sync_to_db("dags-folder", None)
    return dag.test(**({} if at is None else {"logical_date": at}), **options)
