"""Set ``pool_slots`` of a load or export: one slot for each request in flight, unless the DAG sets another number."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any, Protocol

from airflow_provider_clevertap.records.limits import DEFAULT_IN_FLIGHT, MAX_IN_FLIGHT

#: Airflow's name for the pool of tasks that name none: not configurable, and the same in every release.
_DEFAULT_POOL = "default_pool"


class Limited(Protocol):
    """A kind of load or export, whose endpoint limits the requests in flight."""

    @property
    def max_in_flight(self) -> int:
        """The maximum number of requests in flight."""


def with_slots(arguments: Mapping[str, Any], max_in_flight: Any, kind: Limited) -> dict[str, Any]:
    """Return a task's arguments for Airflow, with ``pool_slots`` added where it follows from ``max_in_flight``.

    :param arguments: the arguments passed to the operator. Airflow passes the ``default_args`` of the DAG and the task
        group that apply to the task among them, as ``default_args``.
    :param max_in_flight: the operator's argument.
    :param kind: what the operator loads or exports.
    """
    in_effect = ChainMap({"max_in_flight": max_in_flight}, dict(arguments), arguments.get("default_args") or {})
    return {**arguments, **_derived_slots(in_effect, kind)}


def partial_with_slots(partial: Any, arguments: Mapping[str, Any], kind: Limited) -> Any:
    """Add ``pool_slots`` to what Airflow's ``partial`` returned, and return it.

    The scheduler reads the slots of a mapped task there: it creates no operator, so ``__init__`` does not run.

    :param partial: what Airflow's ``partial`` returned.
    :param arguments: the arguments given to ``partial``.
    :param kind: what the operator loads or exports.
    """
    task_group, dag = partial.kwargs["task_group"], partial.kwargs["dag"]
    partial.kwargs.update(mapped_slots(arguments, arguments.get("default_args"), task_group, dag, kind))
    return partial


def mapped_slots(
    arguments: Mapping[str, Any], default_args: Mapping[str, Any] | None, task_group: Any, dag: Any, kind: Limited
) -> dict[str, Any]:
    """Return ``pool_slots`` for a mapped task, or an empty mapping where Airflow's default applies.

    :param arguments: the arguments given to ``partial``.
    :param default_args: the task's own ``default_args``.
    :param task_group: the task group, if any, whose ``default_args`` come next.
    :param dag: the DAG, if any, whose ``default_args`` come last.
    :param kind: what the operator loads or exports.
    """
    outer = (getattr(owner, "default_args", None) or {} for owner in (task_group, dag))
    return _derived_slots(ChainMap(dict(arguments), dict(default_args or {}), *outer), kind)


def _derived_slots(in_effect: Mapping[str, Any], kind: Limited) -> dict[str, Any]:
    """Return ``pool_slots``, or an empty mapping where Airflow's default of one slot applies.

    A pool that a DAG names serves to divide an account's requests, so a load takes a slot for each. The default pool
    has 128 slots for tasks of all kinds: a load takes one, as any other task does. A load never has more requests in
    flight than the kind of record allows.

    The scheduler needs the number when the DAG file is read. A template or the connection's ``max_in_flight`` is known
    only when the task runs, so the default of a load counts for these.
    """
    if "pool_slots" in in_effect or in_effect.get("pool") in (None, _DEFAULT_POOL):
        return {}
    return {"pool_slots": min(_number_or_default(in_effect.get("max_in_flight")), kind.max_in_flight)}


def _number_or_default(max_in_flight: Any) -> int:
    """Return the number if it is a valid one; with an invalid one the task must still start, to report it."""
    if isinstance(max_in_flight, str) and max_in_flight.strip().isdecimal():
        max_in_flight = int(max_in_flight)
    is_valid = isinstance(max_in_flight, int) and 1 <= max_in_flight <= MAX_IN_FLIGHT
    return max_in_flight if is_valid else DEFAULT_IN_FLIGHT
