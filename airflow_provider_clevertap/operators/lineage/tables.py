"""The tables that a query reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.airflow_compat import BaseHook

if TYPE_CHECKING:
    import logging

    from airflow_provider_clevertap.sources.described import SqlSource


def tables_of(source: SqlSource, log: logging.Logger) -> list[Any]:
    """Return the tables of a query as datasets, as OpenLineage's parser and the database's hook name them.

    Hooks of some databases name none, that of SQLite for example.

    :param source: the query.
    :param log: the task's log.
    """
    from airflow.providers.openlineage.sqlparser import SQLParser

    try:
        connection = BaseHook.get_connection(source.conn_id)
        hook: Any = connection.get_hook()  # type: ignore[no-untyped-call]
        database = hook.get_openlineage_database_info(connection)
        if database is None:
            return []
        parser = SQLParser(
            dialect=hook.get_openlineage_database_dialect(connection),
            default_schema=hook.get_openlineage_default_schema(),
        )
        # No connection: it is for the columns of the tables, which are not reported. The text of the query is not
        # reported either, as it may contain values of the run.
        found = parser.generate_openlineage_metadata_from_sql(
            sql=source.sql, hook=hook, database_info=database, use_connection=False
        )
        return list(found.inputs)
    except Exception as problem:  # what hooks of providers raise has no common type
        log.debug("The tables of the query are not reported: %s", type(problem).__name__)
        return []
