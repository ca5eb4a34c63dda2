"""A load takes as many slots of its pool as it has requests in flight, unless the DAG says otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

CASES = [
    ({}, 1),
    ({"max_in_flight": 5}, 1),
    ({"pool": "default_pool", "max_in_flight": 5}, 1),
    ({"pool": "clevertap"}, 10),
    ({"pool": "clevertap", "max_in_flight": 5}, 5),
    ({"pool": "clevertap", "max_in_flight": "5"}, 5),
    ({"pool": "clevertap", "max_in_flight": 15}, 15),
    ({"pool": "clevertap", "max_in_flight": "{{ params.requests }}"}, 10),
    # Refused by the load, with a reason; as slots they would keep it from ever starting.
    ({"pool": "clevertap", "max_in_flight": 0}, 10),
    ({"pool": "clevertap", "max_in_flight": 99}, 10),
    ({"pool": "clevertap", "max_in_flight": 5, "pool_slots": 2}, 2),
    ({"pool": "clevertap", "max_in_flight": 5, "pool_slots": 1}, 1),
    ({"pool_slots": 3}, 3),
]


def plain(arguments: dict[str, Any]) -> Any:
    return CleverTapUploadProfilesOperator(task_id="load", source="a.csv", **arguments)


def plain_events(arguments: dict[str, Any]) -> Any:
    return CleverTapUploadEventsOperator(task_id="load", source="a.csv", event_name="Viewed", **arguments)


def mapped(arguments: dict[str, Any]) -> Any:
    return CleverTapUploadProfilesOperator.partial(task_id="load", **arguments).expand(source=["a.csv", "b.csv"])


def mapped_by_sets(arguments: dict[str, Any]) -> Any:
    begun = CleverTapUploadEventsOperator.partial(task_id="load", **arguments)
    return begun.expand_kwargs([{"source": "a.csv", "event_name": "Viewed"}])


def decorated(arguments: dict[str, Any]) -> Any:
    return function(**arguments)("a.csv").operator


def mapped_decorated(arguments: dict[str, Any]) -> Any:
    return function(**arguments).expand(path=["a.csv", "b.csv"]).operator


def mapped_decorated_by_sets(arguments: dict[str, Any]) -> Any:
    return function(**arguments).expand_kwargs([{"path": "a.csv"}]).operator


def overridden(arguments: dict[str, Any]) -> Any:
    return function(pool="another", max_in_flight=3).override(**arguments)("a.csv").operator


def mapped_overridden(arguments: dict[str, Any]) -> Any:
    return function(pool="another", max_in_flight=3).override(**arguments).expand(path=["a.csv"]).operator


def function(**arguments: Any) -> Any:
    from airflow.providers.common.compat.sdk import task

    return task.clevertap_profiles(task_id="load", **arguments)(lambda path: path)


WAYS = [plain, plain_events, mapped, mapped_by_sets, decorated, mapped_decorated, mapped_decorated_by_sets]


def scheduled_slots(make: Any, arguments: dict[str, Any], **dag_options: Any) -> int:
    """Return the slots that the scheduler sees: those of the DAG as Airflow stores it."""
    from airflow.providers.common.compat.sdk import DAG

    with DAG("slots", schedule=None, start_date=datetime(2026, 1, 1), **dag_options) as dag:
        task = make(arguments)
    try:
        from airflow.serialization.serialized_objects import DagSerialization as Serialized
    except ImportError:
        from airflow.serialization.serialized_objects import SerializedDAG as Serialized
    (stored,) = Serialized.from_dict(Serialized.to_dict(dag)).tasks
    assert stored.pool_slots == task.pool_slots
    return int(stored.pool_slots)


@pytest.mark.parametrize("make", WAYS)
@pytest.mark.parametrize(("arguments", "slots"), CASES)
def test_slots_follow_the_requests_in_flight(make: Any, arguments: dict[str, Any], slots: int) -> None:
    assert scheduled_slots(make, arguments) == slots


@pytest.mark.parametrize("make", WAYS)
@pytest.mark.parametrize(("arguments", "slots"), CASES)
def test_default_args_of_the_dag_count_as_well(make: Any, arguments: dict[str, Any], slots: int) -> None:
    assert scheduled_slots(make, {}, default_args=arguments) == slots


@pytest.mark.parametrize("make", [plain, mapped, decorated])
def test_default_args_of_the_task_count_as_well(make: Any) -> None:
    arguments = {"default_args": {"pool": "clevertap", "max_in_flight": 7}}
    assert scheduled_slots(make, arguments) == 7


@pytest.mark.parametrize("make", [plain, mapped, decorated, mapped_decorated])
def test_default_args_of_a_task_group_count_before_those_of_the_dag(make: Any) -> None:
    from airflow.providers.common.compat.sdk import TaskGroup

    def grouped(arguments: dict[str, Any]) -> Any:
        with TaskGroup("account", default_args={"pool": "clevertap", "max_in_flight": 6}):
            return make(arguments)

    assert scheduled_slots(grouped, {}, default_args={"max_in_flight": 4}) == 6


@pytest.mark.parametrize("make", [overridden, mapped_overridden])
def test_what_override_says_counts(make: Any) -> None:
    assert scheduled_slots(make, {"max_in_flight": 8}) == 8
    assert scheduled_slots(make, {"pool": "default_pool"}) == 1
    assert scheduled_slots(make, {"pool_slots": 2}) == 2


def test_a_mapped_number_of_requests_is_not_known_in_advance() -> None:
    def make(arguments: dict[str, Any]) -> Any:
        return CleverTapUploadProfilesOperator.partial(task_id="load", source="a.csv", **arguments).expand(
            max_in_flight=[2, 4]
        )

    assert scheduled_slots(make, {"pool": "clevertap"}) == 10
