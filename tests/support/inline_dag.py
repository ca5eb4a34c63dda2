"""Run a DAG that is in no DAG file."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from typing import Any


def in_this_process(dag: Any, *, at: datetime | None = None, **options: Any) -> Any:
    """Run all tasks of a DAG in this process and return the DAG run.

    Airflow 3 runs only DAGs in its database, so the DAG is written there first.

    :param at: when the run starts, by default now. Its data interval is the last one that ended before.
    """
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    except ImportError:  # Airflow 2
        with suppress(ImportError):  # its user table is needed to delete an earlier run of that date
            import airflow.providers.fab.auth_manager.models  # noqa: F401
        return dag.test(execution_date=at, **options)
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)
    return dag.test(**({} if at is None else {"logical_date": at}), **options)
