"""Running a DAG that is in no DAG file."""

from __future__ import annotations

import os
from typing import Any


def in_this_process(dag: Any, **options: Any) -> Any:
    """Run a DAG from its first task to its last; give the DAG run.

    Airflow 3 runs only what is in its database, so the DAG is put there first.
    """
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    except ImportError:  # Airflow 2
        return dag.test(**options)
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)
    return dag.test(**options)
