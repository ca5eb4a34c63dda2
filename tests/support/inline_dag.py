"""Running a DAG that is in no DAG file."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from typing import Any


def in_this_process(dag: Any, *, at: datetime | None = None, **options: Any) -> Any:
    """Run a DAG from its first task to its last; give the DAG run.

    Airflow 3 runs only what is in its database, so the DAG is put there first.

    :param at: when the run is started, now if not given. Its data interval is the last one that has ended by then.
    """
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    except ImportError:  # Airflow 2
        with suppress(ImportError):  # its table of users, without which an earlier run of that date cannot be deleted
            import airflow.providers.fab.auth_manager.models  # noqa: F401
        return dag.test(execution_date=at, **options)
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)
    return dag.test(**({} if at is None else {"logical_date": at}), **options)
