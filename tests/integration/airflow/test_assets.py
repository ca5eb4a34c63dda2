"""The counts of a load are in the events of the assets that its task updates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any


def events_of(dag_run: Any) -> dict[str, dict[str, Any]]:
    """Return the extra of each asset event of a run, by the address of the asset."""
    from airflow.utils.session import create_session

    try:
        from airflow.models.asset import AssetEvent as Event
    except ImportError:  # Airflow 2
        from airflow.models.dataset import DatasetEvent as Event
    found: Any = Event
    with create_session() as session:
        events = session.query(found).filter_by(source_dag_id=dag_run.dag_id, source_run_id=dag_run.run_id).all()
        return {event.uri: dict(event.extra) for event in events}


def store(*assets: Any) -> None:
    """Store the assets in the database, where the scheduler of Airflow 2 puts those of the DAGs it has read."""
    try:
        from airflow.models.dataset import DatasetModel
    except ImportError:  # Airflow 3: it stores them with the DAG
        return
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add_all([DatasetModel(uri=asset.uri) for asset in assets])


def test_the_event_of_an_asset_has_the_counts(run_dag: Any, connection: str, tmp_path: Path) -> None:
    from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias, task

    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    source = tmp_path / "people.csv"
    source.write_text("identity,Email\nasha,asha@example.com\nravi,ravi.example.com\n")
    people, segments = Asset(f"x-clevertap://{tmp_path.name}/a"), Asset(f"x-clevertap://{tmp_path.name}/b")
    files = Asset(f"x-files://{tmp_path.name}")
    store(people, segments)
    with DAG(f"assets_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        load = CleverTapUploadProfilesOperator(
            task_id="operator",
            source=str(source),
            max_rejects=1,
            inlets=[files],
            outlets=[people, AssetAlias(f"alias_{tmp_path.name}")],
        )

        @task.clevertap_profiles(max_rejects="100%", dry_run="local", outlets=[segments])
        def decorated() -> str:
            return str(source)

        decorated()
    events = events_of(run_dag(dag))
    counts = {"kind": "profiles", "rows": 2, "accepted": 1, "rejected": 0, "invalid": 1, "unconfirmed": 0, "skipped": 0}
    assert events == {people.uri: counts | {"dry_run": None}, segments.uri: counts | {"dry_run": "local"}}
    assert load.inlets == [files]
    assert "example.com" not in str(events)
