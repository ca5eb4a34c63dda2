"""The decorator ``@task.clevertap_events``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.decorators.base import DecoratedUploadOperator, decorate, template_fields_of
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.upload_kinds import EVENTS

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import TaskDecorator

__all__ = ["clevertap_events_task"]


class DecoratedEventsOperator(DecoratedUploadOperator, CleverTapUploadEventsOperator):
    """Load what a function returns as events."""

    template_fields: Sequence[str] = template_fields_of(CleverTapUploadEventsOperator)
    custom_operator_name = f"@task.{EVENTS.decorator_name}"


def clevertap_events_task(python_callable: Callable[..., Any] | None = None, **arguments: Any) -> TaskDecorator:
    """Turn a function into a task that loads what it returns as events.

    .. code-block:: python

        @task.clevertap_events(event_name="Store Visit", columns={"customer_id": "identity", "at": "ts"})
        def visits(ds):
            yield from pandas.read_csv(f"/data/visits/{ds}.csv", dtype=str, chunksize=50_000)

    The task returns the summary of the load; no row is in XCom.

    :param python_callable: the function. It returns a pandas or polars DataFrame, an Arrow table, a list of these, a
        path, URI, glob or list of them, or a source object such as ``SqlSource``; or it yields DataFrames, for more
        rows than memory holds. Like any ``@task`` function it may take values of the run, such as ``ds``.
    :param arguments: the arguments of
        :class:`~airflow_provider_clevertap.operators.events.CleverTapUploadEventsOperator` except ``source``.
    """
    return decorate(DecoratedEventsOperator, python_callable, arguments)
