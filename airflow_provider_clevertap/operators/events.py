"""Loading events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_clevertap.operators.arguments import columns_or_names, optional_text, whole_number
from airflow_provider_clevertap.operators.base import CleverTapUploadOperator

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.columns import Column
    from airflow_provider_clevertap.loading.kinds import RecordKind


class CleverTapUploadEventsOperator(CleverTapUploadOperator):
    """Load events into CleverTap, with one named outcome for every row.

    .. code-block:: python

        CleverTapUploadEventsOperator(
            task_id="load_views",
            source="s3://exports/views/{{ ds }}/*.parquet",
            columns={"user_id": "identity", "seen_at": "ts", "sku": "Product"},
            event_name="Product Viewed",
        )

    Besides the arguments of :class:`~airflow_provider_clevertap.operators.base.CleverTapUploadOperator`:

    CleverTap keeps an event that is sent twice as two. Within one try of the task events are sent again only after an
    answer that leaves open whether they were processed, and with ``on_unconfirmed="hold"`` not even then. A later try
    starts at the first row, so give the task ``retries=0`` where doubled events do harm.
    See https://developer.clevertap.com/docs/upload-events-api for the fields.

    :param event_name: the name of all events. Default: a column becomes ``evtName``. Templated.
    :param timestamp: ``"now"`` gives all events the time at which the load starts. Default: a column becomes ``ts``:
        seconds or milliseconds since 1970, or dates with their time. Templated.
    :param property_limit: the most properties of one event, 100 unless the account has another number. Templated.
    :param future_seconds: an event further in the future than this is taken for a mistake in unit or time zone and
        not sent; default 3600. Templated.
    :param profile_columns: columns that update the profile of the event's owner: forms as for ``columns``, or a list
        of names. Each row's update is a record of its own and goes ahead of the event, which is sent only when
        CleverTap has accepted the update. These columns are no properties of the event unless ``columns`` names them
        too. May be JSON text. Templated.
    """

    template_fields: Sequence[str] = (
        *CleverTapUploadOperator.template_fields,
        "event_name",
        "timestamp",
        "property_limit",
        "future_seconds",
        "profile_columns",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **CleverTapUploadOperator.template_fields_renderers,
        "profile_columns": "json",
    }

    def __init__(
        self,
        *,
        event_name: str | None = None,
        timestamp: Literal["now"] | str | None = None,
        property_limit: int | str | None = None,
        future_seconds: int | str | None = None,
        profile_columns: Mapping[str, str | Column | Mapping[str, Any]] | Sequence[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_name = event_name
        self.timestamp = timestamp
        self.property_limit = property_limit
        self.future_seconds = future_seconds
        self.profile_columns = profile_columns

    def _kind(self) -> RecordKind:
        from airflow_provider_clevertap.loading.kinds import events

        said = {
            "event_name": optional_text(self.event_name),
            "timestamp": optional_text(self.timestamp),
            "property_limit": whole_number("property_limit", self.property_limit),
            "future_seconds": whole_number("future_seconds", self.future_seconds),
        }
        return events(**{name: value for name, value in said.items() if value is not None})

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "profile_columns": columns_or_names("profile_columns", self.profile_columns)}
