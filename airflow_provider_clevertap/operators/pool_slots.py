"""How many slots of its pool a load takes: as many as it has requests in flight, unless the DAG says otherwise."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.records.limits import DEFAULT_IN_FLIGHT, MAX_IN_FLIGHT

#: Airflow's own name for the pool of tasks that name none; configured nowhere, the same on every release.
_SHARED_POOL = "default_pool"


def with_slots(arguments: Mapping[str, Any], max_in_flight: Any) -> dict[str, Any]:
    """Give a task's arguments for Airflow, with ``pool_slots`` where they follow ``max_in_flight``.

    :param arguments: as the operator got them. What applies of the ``default_args`` of the DAG and the task group is
        among them, under that name: Airflow hands it down.
    """
    said = ChainMap({"max_in_flight": max_in_flight}, dict(arguments), arguments.get("default_args") or {})
    return {**arguments, **_following(said)}


def mapped_slots(
    arguments: Mapping[str, Any], default_args: Mapping[str, Any] | None, task_group: Any, dag: Any
) -> dict[str, Any]:
    """Give ``pool_slots`` for a mapped task, or nothing where Airflow's own default stays.

    The scheduler looks at the arguments given to ``partial`` and makes no operator of them.
    """
    outer = (getattr(place, "default_args", None) or {} for place in (task_group, dag))
    return _following(ChainMap(dict(arguments), dict(default_args or {}), *outer))


def _following(said: Mapping[str, Any]) -> dict[str, Any]:
    """Give ``pool_slots``, or nothing.

    A pool of one's own is there to share out an account's requests, so a load takes a slot for each. The pool of tasks
    that name none is everybody's, with 128 slots for all sorts of work: a load takes one of it, as any task does.

    The scheduler wants the number when the DAG file is read. What only the run knows, a template or the connection's
    ``max_in_flight``, is not known then, and the default of a load counts.
    """
    if "pool_slots" in said or said.get("pool") in (None, _SHARED_POOL):
        return {}
    return {"pool_slots": _known(said.get("max_in_flight"))}


def _known(max_in_flight: Any) -> int:
    """Give the number where it is plain; one that the load will refuse must not leave the task waiting for ever."""
    if isinstance(max_in_flight, str) and max_in_flight.strip().isdecimal():
        max_in_flight = int(max_in_flight)
    plain = isinstance(max_in_flight, int) and 1 <= max_in_flight <= MAX_IN_FLIGHT
    return max_in_flight if plain else DEFAULT_IN_FLIGHT
