"""Operator that loads events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_clevertap.operators.base.arguments import columns_or_names, optional_text, whole_number
from airflow_provider_clevertap.operators.base.messages import MessagesOperator
from airflow_provider_clevertap.upload_kinds import EVENTS, PROFILES

if TYPE_CHECKING:
    from airflow_provider_clevertap.columns import Column

__all__ = ["CleverTapUploadEventsOperator"]


class CleverTapUploadEventsOperator(MessagesOperator):
    """Load events into CleverTap, with one named outcome for every row.

    .. code-block:: python

        CleverTapUploadEventsOperator(
            task_id="load_views",
            source="s3://exports/views/{{ ds }}/*.parquet",
            columns={"user_id": "identity", "seen_at": "ts", "sku": "Product"},
            event_name="Product Viewed",
        )

    Order lines, one row for each item bought, become one ``Charged`` event for each order:

    .. code-block:: python

        CleverTapUploadEventsOperator(
            task_id="load_orders",
            source="/data/order_lines.csv",
            columns={"order_id": "Charged ID", "customer": "identity", "paid_at": "ts", "total": "Amount"},
            group_by="order_id",
            items={"sku": "SKU", "unit_price": Column("Price", type="float"), "qty": "Quantity"},
        )

    CleverTap stores an event that is sent twice as two events. Events are sent again only when it is unknown whether
    they were processed, because a response was ambiguous or an attempt was killed; with ``on_unconfirmed="hold"`` they
    are not. See https://developer.clevertap.com/docs/upload-events-api for the fields.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.messages.MessagesOperator` and these:

    :param event_name: the name of all events. Default: a column becomes ``evtName``; with ``group_by`` the name is
        ``Charged``, and no other is allowed. Templated.
    :param timestamp: ``"now"`` sets the time of all events to the start of the load. Default: a column becomes ``ts``:
        seconds or milliseconds since 1970, or dates with a time. Templated.
    :param property_limit: the maximum number of properties of one event, 100 unless the account has another limit.
        Templated.
    :param future_seconds: an event further in the future than this is assumed to have the wrong unit or time zone and
        is not sent; default 3600. Templated.
    :param group_by: the column with the order's id. Consecutive rows with the same id are the lines of one order.
        ``columns`` and ``unmapped`` decide whether the column itself is sent. Templated.
    :param items: the columns that go into each item of ``Items``: a list of names, or a mapping as in ``columns``. May
        be JSON text. All other columns belong to the order as a whole. Templated.
    :param identity_and_object_id: what happens to rows that fill ``identity`` and ``objectId``: they are invalid
        (``"reject"``, the default), as CleverTap does not document which one counts, or both are sent (``"send"``).
        Templated.
    :param profile_columns: columns that update the profile of the event's owner: forms as for ``columns``, or a list
        of names. Each row's profile update is a separate record that precedes the event; the event is sent only when
        CleverTap has accepted the update. These columns become properties of the event only if ``columns`` names them
        too. May be JSON text. Templated.
    """

    upload_kind = EVENTS
    template_fields: Sequence[str] = (
        *MessagesOperator.template_fields,
        "event_name",
        "timestamp",
        "property_limit",
        "future_seconds",
        "group_by",
        "items",
        "identity_and_object_id",
        "profile_columns",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **MessagesOperator.template_fields_renderers,
        **dict.fromkeys(("items", "profile_columns"), "json"),
    }

    def __init__(
        self,
        *,
        event_name: str | None = None,
        timestamp: Literal["now"] | str | None = None,
        property_limit: int | str | None = None,
        future_seconds: int | str | None = None,
        group_by: str | None = None,
        items: Mapping[str, str | Column | Mapping[str, Any] | None] | Sequence[str] | str | None = None,
        identity_and_object_id: Literal["reject", "send"] | str | None = None,
        profile_columns: Mapping[str, str | Column | Mapping[str, Any]] | Sequence[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_name = event_name
        self.timestamp = timestamp
        self.property_limit = property_limit
        self.future_seconds = future_seconds
        self.group_by = group_by
        self.items = items
        self.identity_and_object_id = identity_and_object_id
        self.profile_columns = profile_columns

    def _kind_options(self) -> dict[str, Any]:
        return {
            "event_name": optional_text(self.event_name),
            "timestamp": optional_text(self.timestamp),
            "property_limit": whole_number("property_limit", self.property_limit),
            "future_seconds": whole_number("future_seconds", self.future_seconds),
            "group_by": optional_text(self.group_by),
            "items": columns_or_names("items", self.items),
            "identity_and_object_id": optional_text(self.identity_and_object_id),
        }

    def _written_kinds(self) -> list[str]:
        return [EVENTS.module] if optional_text(self.profile_columns) is None else [EVENTS.module, PROFILES.module]

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "profile_columns": columns_or_names("profile_columns", self.profile_columns)}
