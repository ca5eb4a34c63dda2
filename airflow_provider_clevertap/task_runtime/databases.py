"""Find the database of a ``SqlSource`` by its Airflow connection, and read the query from a file if it names one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.sources.described import SqlSource, is_sql_file

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.sources.sql.query import Database

#: The packages that have the hooks of databases, after ``apache-airflow-providers-``
#: (https://airflow.apache.org/docs/apache-airflow-providers/core-extensions/connections.html).
_PROVIDERS = {
    **{name: name for name in ("exasol", "mysql", "oracle", "postgres", "snowflake", "sqlite", "trino", "vertica")},
    "athena": "amazon",
    "databricks": "databricks",
    "drill": "apache-drill",
    "druid": "apache-druid",
    "gcpbigquery": "google",
    "gcpcloudsql": "google",
    "hive_cli": "apache-hive",
    "hiveserver2": "apache-hive",
    "impala": "apache-impala",
    "jdbc": "jdbc",
    "mssql": "microsoft-mssql",
    "odbc": "odbc",
    "pinot": "apache-pinot",
    "presto": "presto",
    "redshift": "amazon",
    "teradata": "teradata",
}
_SECRET_KEY = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)


def find_database(conn_id: str) -> Database:
    """Return the database of a connection; nothing is sent to it yet.

    :param conn_id: id of an Airflow connection.
    :raises ConfigurationError: when there is no such connection, or it is not to a database.
    """
    from airflow_provider_clevertap.airflow_compat import AirflowNotFoundException, BaseHook
    from airflow_provider_clevertap.loading.sources.sql.query import Database

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(
            f"there is no connection {conn_id!r}. Create it in Airflow, or correct the conn_id of the SqlSource."
        ) from None
    where = f"Connection {conn_id!r} of type {connection.conn_type!r}"
    try:
        hook: Any = connection.get_hook()  # type: ignore[no-untyped-call]
    except MemoryError:
        raise
    except Exception as error:  # what Airflow and the hooks of providers raise has no common type
        raise ConfigurationError(
            f"{where}: no hook for it is available here ({type(error).__name__}). {_provider_of(connection.conn_type)}"
        ) from None
    if not _is_database_hook(hook):
        raise ConfigurationError(f"{where} is not a connection to an SQL database.")
    return Database(hook.get_conn, tuple(_secrets(connection)))


def with_query(source: Any, context: Mapping[str, Any] | None, jinja_env: Any = None) -> Any:
    """Return a ``SqlSource`` that names a file with the rendered text of that file; return other sources unchanged.

    Airflow reads files only for template fields of the operator, not for those of an object in such a field.

    :param source: any source.
    :param context: the running task's context; without it no file can be found.
    :param jinja_env: the task's template environment; default: the one the task returns.
    :raises ConfigurationError: when the file cannot be found or read.
    """
    if not isinstance(source, SqlSource) or not is_sql_file(source.sql) or context is None:
        return source
    task = context["task"]
    environment = jinja_env or task.get_template_env()
    text = _file_text(environment, source.sql)
    return replace(source, sql=task.render_template(text, context, environment))


def _file_text(environment: Any, path: str) -> str:
    from jinja2 import TemplateNotFound

    try:
        return str(environment.loader.get_source(environment, path)[0])
    except TemplateNotFound:
        directories = ", ".join(map(str, getattr(environment.loader, "searchpath", ())))
        raise ConfigurationError(
            f"{path}: there is no such file. The path is relative to the DAG file's directory or to one of the DAG's "
            f"template_searchpath: {directories}."
        ) from None
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{path}: the file cannot be read as UTF-8 text ({type(error).__name__}).") from None


def _provider_of(conn_type: str | None) -> str:
    """Return what to install for a type of connection, as a sentence."""
    if conn_type == "generic":
        return (
            "Airflow has this type for connections whose provider is missing. Install the provider of the database, "
            "such as apache-airflow-providers-postgres, and choose its type in the connection."
        )
    package = _PROVIDERS.get(conn_type or "")
    install = "the Airflow provider for this type" if package is None else f"apache-airflow-providers-{package}"
    return f"Install {install}, or correct the type."


def _is_database_hook(hook: Any) -> bool:
    try:
        from airflow.providers.common.sql.hooks.sql import DbApiHook
    except ImportError:
        return False
    return isinstance(hook, DbApiHook)


def _secrets(connection: Any) -> Iterator[str]:
    """Return texts that messages of the driver must not contain."""
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        extra = {}
    values = [value for key, value in extra.items() if _SECRET_KEY.search(key)] if isinstance(extra, dict) else []
    for value in (connection.password, *values):
        if isinstance(value, str) and value:
            yield from (value, quote(value, safe=""))
