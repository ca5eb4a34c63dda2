"""Operator that lists the names of events, properties and subscription groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_clevertap.airflow_compat import BaseOperator
from airflow_provider_clevertap.exceptions import CleverTapError
from airflow_provider_clevertap.operators.base.arguments import names, optional_text
from airflow_provider_clevertap.task_runtime.failures import fail_task

if TYPE_CHECKING:
    from airflow_provider_clevertap.airflow_compat import Context

__all__ = ["CleverTapSchemaOperator"]

_LISTS = ("events", "user_properties", "subscription_groups")


class CleverTapSchemaOperator(BaseOperator):
    """List the names that the account has.

    .. code-block:: python

        CleverTapSchemaOperator(task_id="names", output="/data/clevertap/names.csv")

    The task returns ``{"events": [...], "user_properties": [...], "subscription_groups": [...]}``.

    :param lists: which lists, default all three. May be JSON text. Templated.
    :param output: a file, as a path or URI that ends in ``.parquet``, ``.jsonl.gz`` or ``.csv``: rows of ``list`` and
        ``name``. It is replaced. The task then returns ``{"output": ..., "rows": ...}``. Templated.
    :param clevertap_conn_id: id of the connection, default ``"clevertap_default"``. Templated.
    """

    template_fields: Sequence[str] = ("lists", "output_path", "clevertap_conn_id")
    # Airflow replaces a path with one of these endings by the file's text.
    template_ext: Sequence[str] = ()
    ui_color = "#e4ecfb"
    columns: ClassVar[Mapping[str, str]] = {"list": "text", "name": "text"}

    def __init__(
        self,
        *,
        lists: Sequence[str] | str = _LISTS,
        output: Any = None,
        clevertap_conn_id: str = "clevertap_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.lists = lists
        self.output_path = output  # BaseOperator has a property output
        self.clevertap_conn_id = clevertap_conn_id

    def execute(self, context: Context) -> Any:
        """List the names.

        :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
        :raises AirflowException: when CleverTap could not be reached; Airflow retries.
        """
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.task_runtime.questions.output import AnswerFile

        try:
            output = optional_text(self.output_path)
            file = AnswerFile(output, context)
            file.prepare()
            lists = names("lists", self.lists) or _LISTS
            with CleverTapHook(optional_text(self.clevertap_conn_id)).get_conn() as client:
                found = client.schema([lists] if isinstance(lists, str) else lists)
            if output is None:
                return found
            rows = [{"list": name, "name": each} for name, listed in found.items() for each in listed]
            return file.write(rows, self.columns)
        except CleverTapError as error:
            fail_task(error, self.log)
