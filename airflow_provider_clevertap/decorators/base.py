"""What the decorators share: a task whose function gives the rows, and which loads them itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import DecoratedOperator, context_merge, determine_kwargs

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.operators.base import CleverTapUploadOperator
from airflow_provider_clevertap.operators.pool_slots import mapped_slots

try:
    from airflow.sdk.bases.decorator import _TaskDecorator
except ImportError:  # Airflow 2
    from airflow.decorators.base import _TaskDecorator  # type: ignore[import-not-found,no-redef]

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator


def templated(operator: type[CleverTapUploadOperator]) -> tuple[str, ...]:
    """Give the template fields of a decorated operator: the function's arguments, and all of the operator's but one.

    What the function gives is no template: it has the values of the run at hand, and text that comes from data must
    not be read as one.
    """
    return (*DecoratedOperator.template_fields, *(name for name in operator.template_fields if name != "source"))


class DecoratedUploadOperator(DecoratedOperator, CleverTapUploadOperator):
    """Call a function and load what it gives; the operator behind each decorator builds on this class.

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
            raise TypeError(f"{self.custom_operator_name} takes no source: what the function gives is loaded.")
        if iscoroutinefunction(python_callable) or isasyncgenfunction(python_callable):
            raise TypeError(f"{self.custom_operator_name} takes an ordinary function or generator, not an async one.")
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, source=None, **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function, then load what it gave.

        :raises AirflowFailException: as the operator does, and when the function gave nothing that can be loaded.
        """
        context_merge(context, self.op_kwargs)
        named = determine_kwargs(self.python_callable, self.op_args, context)
        given = self.python_callable(*self.op_args, **named)
        if given is None:
            self._fail(
                SourceError(
                    f"the function {self.python_callable.__name__!r} returned nothing. Let it return a DataFrame, a "
                    "path or a list of them, or a source object such as SqlSource, or yield DataFrames."
                )
            )
        self.source = given
        summary: dict[str, Any] = super().execute(context)
        return summary


class _LoadingFunction(_TaskDecorator):  # type: ignore[type-arg]
    """A decorated function. Airflow builds a mapped one without asking its operator how many slots it takes."""

    def expand(self, **mapped: Any) -> Any:
        return _with_slots(super().expand(**mapped))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        return _with_slots(super().expand_kwargs(kwargs, strict=strict))


def _with_slots(result: Any) -> Any:
    task = result.operator
    for slots in mapped_slots(task.partial_kwargs, None, task.task_group, task.dag).values():
        task.pool_slots = slots
    return result


def decorate(
    operator: type[DecoratedUploadOperator], function: Callable[..., Any] | None, arguments: dict[str, Any]
) -> TaskDecorator:
    """Make a decorated function, or with no function yet the decorator for one.

    :param operator: the class of the tasks.
    :param function: the function, when the decorator is written without brackets.
    :param arguments: the operator's arguments.
    :raises TypeError: when anything but a function is given in its place.
    """
    # The summary is one value. An annotation such as "-> dict" says something of it, not how to store it.
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

    made: Any = decorated if function is None else decorated(function)
    return made  # type: ignore[no-any-return]
