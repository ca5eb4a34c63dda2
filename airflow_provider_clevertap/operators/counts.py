"""Operators that count: events and people, trends, and the most frequent values of properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.operators.base.arguments import mapping, optional_text, true_or_false
from airflow_provider_clevertap.operators.base.question import CleverTapQuestionOperator

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import Context

__all__ = ["CleverTapCountOperator", "CleverTapTopPropertiesOperator", "CleverTapTrendsOperator"]


class CleverTapCountOperator(CleverTapQuestionOperator):
    """Count events or people; the task returns the number.

    .. code-block:: python

        CleverTapCountOperator(task_id="count", query={"event_name": "Charged"})

    Events of notifications, which cannot be exported, can be counted.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.question.CleverTapQuestionOperator`
    and these:

    :param of: ``"events"`` (default), or ``"profiles"`` for the people whom the query selects. Templated.
    :param unique: with ``"events"``, count the people who raised them. Templated.
    """

    template_fields: Sequence[str] = (*CleverTapQuestionOperator.template_fields, "of", "unique")

    def __init__(
        self, *, of: Literal["events", "profiles"] | str = "events", unique: bool | str = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.of = of
        self.unique = unique

    def _kind(self) -> str:
        kind = optional_text(self.of) or "events"
        if kind not in ("events", "profiles"):
            raise ConfigurationError(f"of={kind!r} is not known; use 'events' or 'profiles'.")
        return str(kind)

    def _options(self) -> dict[str, Any]:
        return {"unique": true_or_false("unique", self.unique) or False}


class CleverTapRowsOperator(CleverTapQuestionOperator):
    """Ask for rows, and return them or write them to a file; base class.

    :param groups: 1 to 5 groups by name. CleverTap's answer has them beside its own fields, so names such as ``status``
        are not allowed. May be JSON text. Templated.
    :param output: a file, as a path or URI that ends in ``.parquet``, ``.jsonl.gz`` or ``.csv``. It is replaced. The
        task then returns ``{"output": ..., "rows": ...}``. Default: the task returns the rows. Templated.
    """

    template_fields: Sequence[str] = (*CleverTapQuestionOperator.template_fields, "groups", "output_path")
    #: the columns of the file, with their types
    columns: ClassVar[Mapping[str, str]]

    def __init__(self, *, groups: Mapping[str, Any] | str, output: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups = groups
        self.output_path = output  # BaseOperator has a property output

    def _options(self) -> dict[str, Any]:
        return {"groups": mapping("groups", self.groups)}

    def _check(self, context: Context) -> None:
        from airflow_provider_clevertap.task_runtime.questions.output import AnswerFile

        AnswerFile(optional_text(self.output_path), context).prepare()

    def _result(self, answer: Any, context: Context) -> Any:
        from airflow_provider_clevertap.task_runtime.questions.output import AnswerFile

        return AnswerFile(optional_text(self.output_path), context).write(answer, self.columns)


class CleverTapTrendsOperator(CleverTapRowsOperator):
    """Count the events of each day, week or month.

    .. code-block:: python

        CleverTapTrendsOperator(
            task_id="trend",
            query={"event_name": "Charged", "from": "2026-01-01", "to": "2026-10-31"},
            groups={"orders": "daily"},
            output="/data/clevertap/orders_by_day.parquet",
        )

    The rows are ``{"group": "orders", "period": "20260101", "start": "2026-01-01", "count": 10}``. A period in which
    nothing happened may be missing.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.question.CleverTapQuestionOperator`
    and these:

    :param groups: 1 to 5 groups by name: ``"daily"``, ``"weekly"`` or ``"monthly"``, or CleverTap's own form with
        ``trend_type`` and ``event_properties``. May be JSON text. Templated.
    :param unique: count the people who raised the events, not the events. Templated.
    :param sum_property: add up the values of this property instead of counting. Templated.
    :param weeks: how CleverTap numbers weeks: ``"sunday"`` or ``"iso"``. CleverTap does not document it. Default:
        ``start`` of weeks is empty. Templated.
    :param output: a file, as a path or URI that ends in ``.parquet``, ``.jsonl.gz`` or ``.csv``. It is replaced. The
        task then returns ``{"output": ..., "rows": ...}``. Default: the task returns the rows. Templated.
    """

    template_fields: Sequence[str] = (*CleverTapRowsOperator.template_fields, "unique", "sum_property", "weeks")
    columns: ClassVar[Mapping[str, str]] = {"group": "text", "period": "text", "start": "day", "count": "number"}

    def __init__(
        self,
        *,
        groups: Mapping[str, Any] | str,
        unique: bool | str = False,
        sum_property: str | None = None,
        weeks: Literal["sunday", "iso"] | str | None = None,
        output: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(groups=groups, output=output, **kwargs)
        self.unique = unique
        self.sum_property = sum_property
        self.weeks = weeks

    def _kind(self) -> str:
        return "trends"

    def _options(self) -> dict[str, Any]:
        weeks = optional_text(self.weeks)
        if weeks not in (None, "sunday", "iso"):
            raise ConfigurationError(f"weeks={weeks!r} is not known; use 'sunday' or 'iso'.")
        return {
            **super()._options(),
            "unique": true_or_false("unique", self.unique) or False,
            "sum_property": optional_text(self.sum_property),
            "weeks": weeks,
        }


class CleverTapTopPropertiesOperator(CleverTapRowsOperator):
    """Count the most frequent values of properties.

    .. code-block:: python

        CleverTapTopPropertiesOperator(
            task_id="top",
            query={"event_name": "Charged"},
            groups={"payment": "Payment Mode", "cities": {"property_type": "geo_fields", "name": "city", "top_n": 20}},
        )

    The rows are ``{"group": "payment", "kind": "STR", "value": "Card", "count": 5}``. Numbers have the kind ``NUMBER``,
    and CleverTap counts them in ranges such as ``0-100``. Values of properties such as names or addresses are personal
    data: then set ``output``, so that they are not in XCom.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.question.CleverTapQuestionOperator`
    and these:

    :param groups: 1 to 5 groups by name: the name of an event property, or CleverTap's own form with ``property_type``,
        ``name``, ``top_n`` (1 to 100) and ``order``. May be JSON text. Templated.
    :param output: a file, as a path or URI that ends in ``.parquet``, ``.jsonl.gz`` or ``.csv``. It is replaced. The
        task then returns ``{"output": ..., "rows": ...}``. Default: the task returns the rows. Templated.
    """

    columns: ClassVar[Mapping[str, str]] = {"group": "text", "kind": "text", "value": "text", "count": "number"}

    def _kind(self) -> str:
        return "top"
