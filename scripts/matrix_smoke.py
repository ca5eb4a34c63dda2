"""Loads of every kind in an environment that has Airflow and the built package, and nothing to test with.

Run by ``make test-matrix`` with the Python of that environment, outside this repository. It prints what was checked,
and exits with 0 when all of it is right.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

HOME = Path(tempfile.mkdtemp(prefix="airflow-"))
ROWS = 2_500
#: An identity in the third batch of a load.
THIRD_BATCH = "c2400"
SETTINGS = {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AIRFLOW__CLEVERTAP__ARTIFACTS_PATH": str(HOME / "artifacts"),
}


def main() -> None:
    """Check this environment."""
    (HOME / "dags").mkdir()
    os.environ.update(SETTINGS)
    check_metadata()
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    from airflow_provider_clevertap.emulator.testing import RunningEmulator

    for check in (check_operators, check_reading, check_decorators, check_resume):
        with RunningEmulator() as emulator:
            os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"] = json.dumps(
                {
                    "conn_type": "clevertap",
                    "host": emulator.url,
                    "login": emulator.account_id,
                    "password": emulator.passcode,
                    "extra": {"project_timezone": "UTC"},
                }
            )
            check(emulator)


def check_metadata() -> None:
    """Check that Airflow's provider discovery finds the package, its connection type and its decorators."""
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    assert "airflow-provider-clevertap" in manager.providers
    # Only the names: getting one imports it, and some of those of other providers need what is not installed.
    decorators = {name for name in manager.taskflow_decorators if name.startswith("clevertap_")}
    assert len(decorators) >= 4, decorators
    hook = manager.hooks["clevertap"]
    assert hook is not None, "the hook of the connection type cannot be imported"
    assert hook.hook_class_name.endswith("CleverTapHook")
    passed("metadata")
    fields = [name for name in manager.connection_form_widgets if "clevertap" in name]
    passed("connection form" if fields else "connection without form fields")


def check_operators(emulator: Any) -> None:
    """Check that each operator loads a file in a DAG."""
    from airflow_provider_clevertap.columns import Column
    from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
    from airflow_provider_clevertap.operators.subscriptions import CleverTapUpdateSubscriptionsOperator

    def tasks() -> None:
        CleverTapUploadProfilesOperator(
            task_id="profiles",
            source=written("people.csv", "id,joined", (f"c{n},{n % 28 + 1:02}/03/2026" for n in range(ROWS))),
            columns={"id": "identity", "joined": Column("Joined", type="date", format="dd/MM/yyyy")},
        )
        CleverTapUploadEventsOperator(
            task_id="events",
            source=written("visits.csv", "id,at", (f"c{n},2026-03-01T10:00:{n % 60:02}Z" for n in range(ROWS))),
            columns={"id": "identity", "at": "ts"},
            event_name="Visited",
        )
        CleverTapUploadDeviceTokensOperator(
            task_id="device_tokens",
            source=written("devices.csv", "device,token,kind", (f"d{n},token-{n},fcm" for n in range(150))),
            columns={"device": "objectId", "token": "token", "kind": "type"},
        )
        CleverTapUpdateSubscriptionsOperator(
            task_id="subscriptions",
            source=written("opt_outs.csv", "address", (f"c{n}@example.com" for n in range(50))),
            columns={"address": "value"},
            channel="email",
            status="Unsubscribe",
        )

    run_dag("operators", tasks)
    stored = emulator.stats()["stored"]
    assert stored["events"] == ROWS, stored
    assert len(emulator.profiles()) >= ROWS
    assert len(emulator.tokens()) == 150
    assert len(emulator.subscriptions()) == 50
    passed("operators")


def check_reading(_: Any) -> None:
    """Check that each operator and sensor that reads from CleverTap does so in a DAG."""
    from airflow_provider_clevertap.operators.counts import (
        CleverTapCountOperator,
        CleverTapTopPropertiesOperator,
        CleverTapTrendsOperator,
    )
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator
    from airflow_provider_clevertap.operators.export_profiles import CleverTapExportProfilesOperator
    from airflow_provider_clevertap.operators.message_report import CleverTapMessageReportOperator
    from airflow_provider_clevertap.operators.schema import CleverTapSchemaOperator
    from airflow_provider_clevertap.sensors.event_count import CleverTapEventCountSensor
    from airflow_provider_clevertap.sources import ExportedEventsSource

    days = {"start": "2026-03-01", "end": "2026-03-03"}
    query = {"event_name": "Visited", "from": "2026-03-01", "to": "2026-03-03"}

    def tasks() -> None:
        load = CleverTapUploadEventsOperator(
            task_id="load",
            source=written("seen.csv", "id,at,page", (f"c{n},2026-03-01T10:00:{n % 60:02}Z,home" for n in range(ROWS))),
            columns={"id": "identity", "at": "ts", "page": "Page"},
            event_name="Visited",
        )
        load >> [
            CleverTapExportEventsOperator(task_id="events", events=["Visited"], output=str(HOME / "events"), **days),
            CleverTapExportProfilesOperator(
                task_id="profiles", events=["Visited"], output=str(HOME / "profiles"), **days
            ),
            CleverTapMessageReportOperator(task_id="report", output=str(HOME / "report"), **days),
            CleverTapCountOperator(task_id="count", query=query),
            CleverTapTrendsOperator(task_id="trends", query=query, groups={"visits": "daily"}),
            CleverTapTopPropertiesOperator(task_id="pages", query=query, groups={"page": "Page"}),
            CleverTapSchemaOperator(task_id="names"),
            CleverTapEventCountSensor(task_id="enough", query=query, minimum=ROWS, poke_interval=1, timeout=60),
        ]

    run_dag("reading", tasks)
    assert len(ExportedEventsSource(str(HOME / "events"), events=["Visited"]).to_pandas()) == ROWS
    passed("reading")


def check_decorators(emulator: Any) -> None:
    """Check that each decorator loads what its function returns."""
    from airflow.decorators import task

    def tasks() -> None:
        @task.clevertap_profiles()
        def profiles() -> Any:
            import pandas as pd

            return pd.DataFrame({"identity": [f"c{n}" for n in range(ROWS)], "Points": range(ROWS)})

        @task.clevertap_events(event_name="Visited")
        def events() -> Any:
            import pyarrow as pa

            return pa.table({"identity": [f"c{n}" for n in range(100)], "ts": [1_700_000_000] * 100})

        @task.clevertap_device_tokens()
        def device_tokens() -> Any:
            import pandas as pd

            return pd.DataFrame({"objectId": ["d1"], "token": ["token-1"], "type": ["fcm"]})

        @task.clevertap_subscriptions(channel="email", status="Unsubscribe")
        def subscriptions() -> Any:
            import pandas as pd

            return pd.DataFrame({"value": ["ann@example.com"]})

        for function in (profiles, events, device_tokens, subscriptions):
            function()

    run_dag("decorators", tasks)
    stored = emulator.stats()["stored"]
    assert stored["events"] == 100, stored
    assert len(emulator.profiles()) >= ROWS
    assert len(emulator.tokens()) == len(emulator.subscriptions()) == 1
    passed("decorators")


def check_resume(emulator: Any) -> None:
    """Check that a retry resumes where the first attempt ended, and sends no row twice."""
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    emulator.inject({"do": "status", "status": 429, "retry_after": 3_600, "identity": THIRD_BATCH, "times": 1})

    def tasks() -> None:
        CleverTapUploadEventsOperator(
            task_id="load",
            source=written("views.csv", "id,at", (f"c{n},1700000000" for n in range(ROWS))),
            columns={"id": "identity", "at": "ts"},
            event_name="Viewed",
            max_in_flight=1,
            retries=1,
            retry_delay=timedelta(0),
        )

    attempts = run_dag("resume", tasks)["load"]
    identities = [event["identity"] for event in emulator.events()]
    assert len(identities) == len(set(identities)) == ROWS, len(identities)
    assert attempts == 2, attempts
    assert emulator.stats()["requests"] == 4, emulator.stats()
    passed("resume")


def run_dag(name: str, tasks: Callable[[], None]) -> dict[str, int]:
    """Run a DAG in this process, and return how many attempts each task took."""
    from airflow import DAG

    with DAG(name, schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        tasks()
    with suppress(ImportError):  # Airflow 2, which deletes an earlier run of that date
        import airflow.providers.fab.auth_manager.models  # noqa: F401
    store_dag(dag)
    run = dag.test()
    states = {instance.task_id: (instance.state, instance.try_number) for instance in run.get_task_instances()}
    assert states
    assert all(state == "success" for state, _ in states.values()), states
    return {task: attempts for task, (_, attempts) in states.items()}


def store_dag(dag: Any) -> None:
    """Write a DAG into the database: Airflow 3 runs only what is there."""
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
    except ImportError:  # Airflow 2
        return
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    try:
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    except ImportError:  # before Airflow 3.2
        from airflow.models import dagbag

        DagBag, sync_bag_to_db = dagbag.DagBag, getattr(dagbag, "sync_bag_to_db", None)  # noqa: N806
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    if sync_bag_to_db is None:  # Airflow 3.0
        bag.sync_to_db("dags-folder", None)
    else:
        sync_bag_to_db(bag, "dags-folder", None)


def written(name: str, header: str, lines: Any) -> str:
    """Write a CSV file, and return its path."""
    path = HOME / name
    path.write_text("\n".join([header, *lines, ""]))
    return str(path)


def passed(what: str) -> None:
    """Print what was found right."""
    print(f"passed: {what}", flush=True)


if __name__ == "__main__":
    main()
