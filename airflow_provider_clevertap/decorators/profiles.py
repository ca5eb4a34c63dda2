"""The decorator ``@task.clevertap_profiles``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.decorators.base import DecoratedUploadOperator, decorate, template_fields_of
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
from airflow_provider_clevertap.upload_kinds import PROFILES

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import TaskDecorator

__all__ = ["clevertap_profiles_task"]


class DecoratedProfilesOperator(DecoratedUploadOperator, CleverTapUploadProfilesOperator):
    """Load what a function returns as profiles."""

    template_fields: Sequence[str] = template_fields_of(CleverTapUploadProfilesOperator)
    custom_operator_name = f"@task.{PROFILES.decorator_name}"


def clevertap_profiles_task(python_callable: Callable[..., Any] | None = None, **arguments: Any) -> TaskDecorator:
    """Turn a function into a task that loads what it returns as profiles.

    .. code-block:: python

        @task.clevertap_profiles(columns={"customer_id": "identity", "spent": "Spent"})
        def big_spenders(ds):
            orders = pandas.read_parquet(f"/data/orders/{ds}.parquet")
            return orders.groupby("customer_id", as_index=False)["spent"].sum()

    The task returns the summary of the load; no row is in XCom.

    :param python_callable: the function. It returns a pandas or polars DataFrame, an Arrow table, a list of these, a
        path, URI, glob or list of them, or a source object such as ``SqlSource``; or it yields DataFrames, for more
        rows than memory holds. Like any ``@task`` function it may take values of the run, such as ``ds``.
    :param arguments: the arguments of
        :class:`~airflow_provider_clevertap.operators.profiles.CleverTapUploadProfilesOperator` except ``source``.
    """
    return decorate(DecoratedProfilesOperator, python_callable, arguments)
