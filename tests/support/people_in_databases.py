"""Rows of people for tests that query databases through Airflow connections."""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import SqlSource

#: One person at every noon and midnight of January 2026.
PEOPLE = [
    (f"c-{hour}", f"person{hour}@example.com", (dt.datetime(2026, 1, 1) + dt.timedelta(hours=hour)).isoformat(" "))
    for hour in range(0, 31 * 24, 12)
]
WINDOW = """\
-- the people of one interval: {{ task.task_id }}
SELECT id, email
FROM people
WHERE at >= '{{ data_interval_start.strftime("%Y-%m-%d %H:%M:%S") }}'
  AND at < '{{ data_interval_end.strftime("%Y-%m-%d %H:%M:%S") }}'
ORDER BY at
"""


def query_rows(conn_id: str, sql: str, parameters: Any = None, **options: Any) -> list[dict[str, Any]]:
    """Run a query through an Airflow connection, and return its rows."""
    from airflow_provider_clevertap.task_runtime.databases import find_database

    source = open_source(SqlSource(conn_id, sql, parameters, **options), databases=find_database)
    return [row for block in source.blocks() for row in block.rows(range(len(block)))]
