"""The tables that a query reads, in what a load reports to OpenLineage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.sources import SqlSource

pytest.importorskip("airflow.providers.openlineage", reason="the OpenLineage provider is not installed")


def names(datasets: Any) -> list[str]:
    return [dataset.name for dataset in datasets]


def load(sql: str, conn_id: str, path: Path) -> Any:
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    return CleverTapUploadProfilesOperator(
        task_id="load",
        source=SqlSource(conn_id=conn_id, sql=sql),
        columns={"id": "identity"},
        max_rejects="100%",
        dry_run="local",
        artifacts_path=str(path),
    )


@pytest.mark.postgres
def test_the_tables_of_a_query_are_inputs(connection: str, warehouse: str, tmp_path: Path) -> None:
    operator = load("SELECT p.id FROM people AS p WHERE p.email <> 'x@y.z'", warehouse, tmp_path)
    assert operator.get_openlineage_facets_on_start().inputs == []  # the database may be away
    operator.execute({})
    lineage = operator.get_openlineage_facets_on_complete(None)
    (table,) = lineage.inputs
    assert table.namespace.startswith("postgres://")
    assert table.name == "postgres.public.people"
    assert lineage.run_facets["clevertap_load"].rows
    assert "x@y.z" not in repr(lineage)


def test_a_database_whose_hook_names_no_tables(connection: str, shop: str, tmp_path: Path) -> None:
    operator = load("SELECT id FROM people", shop, tmp_path)
    operator.execute({})
    assert operator.get_openlineage_facets_on_complete(None).inputs == []


@pytest.mark.parametrize("arguments", [{"source": "['not JSON']"}, {"clevertap_conn_id": "missing"}], ids=str)
def test_what_cannot_be_reported_leaves_the_annotations(connection: str, arguments: dict[str, Any]) -> None:
    from airflow.providers.common.compat.sdk import Asset

    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    files, people = Asset("file:///raw/people.csv"), Asset("file:///known/people")
    operator = CleverTapUploadProfilesOperator(
        task_id="load", **{"source": "/raw/people.csv", "inlets": [files], "outlets": [people], **arguments}
    )
    for lineage in (
        operator.get_openlineage_facets_on_start(),
        operator.get_openlineage_facets_on_complete(None),
        operator.get_openlineage_facets_on_failure(None),
    ):
        assert (names(lineage.inputs), names(lineage.outputs)) == (["/raw/people.csv"], ["/known/people"])
        assert lineage.run_facets == {}
