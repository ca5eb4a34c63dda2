"""Base of the ``@task.clevertap_...`` decorators: tasks that load the rows their function returns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_clevertap.airflow_compat import DecoratedOperator, context_merge, determine_kwargs
from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.operators.base.pool_slots import mapped_slots
from airflow_provider_clevertap.operators.base.upload import CleverTapUploadOperator
from airflow_provider_clevertap.task_runtime.failures import fail_task

try:
    from airflow.sdk.bases.decorator import _TaskDecorator
except ImportError:  # Airflow 2
    from airflow.decorators.base import _TaskDecorator  # type: ignore[import-not-found,no-redef]

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import Context, TaskDecorator


def template_fields_of(operator: type[CleverTapUploadOperator]) -> tuple[str, ...]:
    """Return the template fields of a decorated operator: the function's arguments, and the operator's without source.

    What the function returns is not a template: the function knows the values of the run, and text that comes from data
    must not be rendered.
    """
    return (*DecoratedOperator.template_fields, *(name for name in operator.template_fields if name != "source"))


class DecoratedUploadOperator(DecoratedOperator, CleverTapUploadOperator):
    """Call a function and load what it returns; base class of the operators behind the decorators.

    :param python_callable: the function.
    :param op_args: its positional arguments. Templated.
    :param op_kwargs: its named arguments. Templated.
    """

    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **CleverTapUploadOperator.template_fields_renderers,
    }
    custom_operator_name: str

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if "source" in kwargs:
            raise TypeError(f"{self.custom_operator_name} takes no source: it loads what the function returns.")
        if iscoroutinefunction(python_callable) or isasyncgenfunction(python_callable):
            raise TypeError(f"{self.custom_operator_name} takes an ordinary function or generator, not an async one.")
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, source=None, **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function, then load what it returned.

        :raises AirflowFailException: as the operator does, and when the function returned nothing.
        """
        context_merge(context, self.op_kwargs)
        keywords = determine_kwargs(self.python_callable, self.op_args, context)
        source = self.python_callable(*self.op_args, **keywords)
        if source is None:
            error = SourceError(
                f"the function {self.python_callable.__name__!r} returned nothing. Let it return a DataFrame, a path "
                "or a list of them, or a source object such as SqlSource, or yield DataFrames."
            )
            fail_task(error, self.log)
        self.source = source
        # Not by way of DecoratedOperator.execute, which splits what several outputs return, and fails on Airflow 3.0.
        return CleverTapUploadOperator.execute(self, context)


class _LoadingFunction(_TaskDecorator):  # type: ignore[type-arg]
    """A decorated function that sets ``pool_slots`` when it is mapped: Airflow then calls no method of the operator."""

    def expand(self, **mapped: Any) -> Any:
        return _set_slots(super().expand(**mapped))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        return _set_slots(super().expand_kwargs(kwargs, strict=strict))


def _set_slots(result: Any) -> Any:
    """Set ``pool_slots`` of a mapped task, and return the result of Airflow's ``expand``."""
    task = result.operator
    kind = task.operator_class.upload_kind
    for slots in mapped_slots(task.partial_kwargs, None, task.task_group, task.dag, kind).values():
        task.pool_slots = slots
    return result


def decorate(
    operator: type[DecoratedUploadOperator], function: Callable[..., Any] | None, arguments: dict[str, Any]
) -> TaskDecorator:
    """Make a decorated function, or the decorator if there is no function yet.

    :param operator: the class of the tasks.
    :param function: the function, when the decorator is written without parentheses.
    :param arguments: the operator's arguments.
    :raises TypeError: when something else stands where the function belongs.
    """
    # The summary is one value: a function annotated "-> dict" must not make Airflow store each of its keys.
    arguments = {name: value for name, value in arguments.items() if name != "multiple_outputs"}

    def decorated(function: Callable[..., Any]) -> Any:
        if not callable(function):
            raise TypeError(f"{operator.custom_operator_name} takes named arguments only.")
        return _LoadingFunction(
            function=function,
            operator_class=operator,
            multiple_outputs=False,
            kwargs=dict(arguments),
            decorator_name=operator.custom_operator_name.removeprefix("@"),
        )

    result: Any = decorated if function is None else decorated(function)
    return result  # type: ignore[no-any-return]
