"""The decorator ``@task.clevertap_subscriptions``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.decorators.base import DecoratedUploadOperator, decorate, template_fields_of
from airflow_provider_clevertap.operators.subscriptions import CleverTapUpdateSubscriptionsOperator
from airflow_provider_clevertap.upload_kinds import SUBSCRIPTIONS

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import TaskDecorator

__all__ = ["clevertap_subscriptions_task"]


class DecoratedSubscriptionsOperator(DecoratedUploadOperator, CleverTapUpdateSubscriptionsOperator):
    """Change the subscriptions that a function returns."""

    template_fields: Sequence[str] = template_fields_of(CleverTapUpdateSubscriptionsOperator)
    custom_operator_name = f"@task.{SUBSCRIPTIONS.decorator_name}"


def clevertap_subscriptions_task(python_callable: Callable[..., Any] | None = None, **arguments: Any) -> TaskDecorator:
    """Turn a function into a task that changes the subscriptions it returns.

    .. code-block:: python

        @task.clevertap_subscriptions(columns={"address": "value"}, channel="email", status="Unsubscribe")
        def opt_outs(ds):
            return pandas.read_json(f"/data/opt_outs/{ds}.json", dtype=str)

    The task returns the summary of the load; no row is in XCom.

    :param python_callable: the function. It returns a pandas or polars DataFrame, an Arrow table, a list of these, a
        path, URI, glob or list of them, or a source object such as ``SqlSource``; or it yields DataFrames, for more
        rows than memory holds. Like any ``@task`` function it may take values of the run, such as ``ds``.
    :param arguments: the arguments of
        :class:`~airflow_provider_clevertap.operators.subscriptions.CleverTapUpdateSubscriptionsOperator` except
        ``source``.
    """
    return decorate(DecoratedSubscriptionsOperator, python_callable, arguments)
