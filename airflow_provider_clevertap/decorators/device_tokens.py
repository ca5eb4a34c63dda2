"""The decorator ``@task.clevertap_device_tokens``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.decorators.base import DecoratedUploadOperator, decorate, template_fields_of
from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator
from airflow_provider_clevertap.upload_kinds import DEVICE_TOKENS

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import TaskDecorator

__all__ = ["clevertap_device_tokens_task"]


class DecoratedDeviceTokensOperator(DecoratedUploadOperator, CleverTapUploadDeviceTokensOperator):
    """Load what a function returns as device tokens."""

    template_fields: Sequence[str] = template_fields_of(CleverTapUploadDeviceTokensOperator)
    custom_operator_name = f"@task.{DEVICE_TOKENS.decorator_name}"


def clevertap_device_tokens_task(python_callable: Callable[..., Any] | None = None, **arguments: Any) -> TaskDecorator:
    """Turn a function into a task that loads what it returns as device tokens.

    .. code-block:: python

        @task.clevertap_device_tokens(columns={"device": "objectId", "push_token": "token", "platform": "type"})
        def tokens(ds):
            return pandas.read_json(f"/data/tokens/{ds}.json", dtype=str)

    The task returns the summary of the load; no row is in XCom.

    :param python_callable: the function. It returns a pandas or polars DataFrame, an Arrow table, a list of these, a
        path, URI, glob or list of them, or a source object such as ``SqlSource``; or it yields DataFrames, for more
        rows than memory holds. Like any ``@task`` function it may take values of the run, such as ``ds``.
    :param arguments: the arguments of
        :class:`~airflow_provider_clevertap.operators.device_tokens.CleverTapUploadDeviceTokensOperator` except
        ``source``.
    """
    return decorate(DecoratedDeviceTokensOperator, python_callable, arguments)
