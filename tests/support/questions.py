"""Ask for counts as a task does, in the worker or in the triggerer."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

DAYS = {"event_name": "Viewed", "from": "2025-11-01", "to": "2025-11-02"}
COUNTS = "/1/counts/events.json"


class Store:
    """Stands for ``context["task_state_store"]``."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.kept: dict[str, Any] = {}
        self.problem = problem

    def _call(self) -> None:
        if self.problem is not None:
            raise self.problem

    def get(self, key: str) -> Any:
        self._call()
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        self._call()
        self.kept[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        self._call()
        self.kept.pop(key, None)


def in_task(store: Store) -> dict[str, Any]:
    task = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1, max_tries=1)
    return {"ti": task, "task_state_store": store}


def count(**arguments: Any) -> Any:
    from airflow_provider_clevertap.operators.counts import CleverTapCountOperator

    return CleverTapCountOperator(**{"task_id": "count", "query": DAYS, "check_interval": 0.01, **arguments})


def deferred_by(operator: Any, context: Any) -> Any:
    from airflow.providers.common.compat.sdk import TaskDeferred

    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    return deferred.value


def payload_of(trigger: Any) -> Any:
    """Return the payload of the event of a trigger, made anew from what Airflow stores of it."""
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_clevertap.triggers.question.QuestionTrigger"
    made = type(trigger)(**json.loads(json.dumps(arguments)))

    async def first() -> Any:
        return (await asyncio.wait_for(anext(made.run()), 60)).payload

    return json.loads(json.dumps(asyncio.run(first())))
