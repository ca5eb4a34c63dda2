"""The arguments of operators that also load messages of customer data platforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from airflow_provider_clevertap.operators.base.arguments import optional_text, true_or_false
from airflow_provider_clevertap.operators.base.upload import CleverTapUploadOperator

__all__ = ["MessagesOperator"]


class MessagesOperator(CleverTapUploadOperator):
    """Base class of the operators whose rows may be messages of RudderStack, Segment or Freshpaint.

    The parameters are those of :class:`~airflow_provider_clevertap.operators.base.upload.CleverTapUploadOperator` and
    these, all of them templated:

    :param spec: the rows are messages of ``"rudderstack"``, ``"segment"`` or ``"freshpaint"``, or rows of their
        warehouse tables. Messages that do not become this kind of record are skipped. ``columns`` then names fields by
        their paths, such as ``traits.plan`` or ``properties.total``.
    :param track_anonymous: ``True`` loads events of people without a user id too. Default: they are skipped.
    :param use_object_id: ``True`` takes the anonymous id for CleverTap's object id.
    :param strict: ``True`` makes records exactly what the platform sends, also where that loses data.
    :param page_name: the pattern of the names of events from pages, with ``{name}`` and any property in braces, such as
        ``"Web Page Viewed: {path}"``.
    :param screen_name: the same for screens.
    """

    template_fields: Sequence[str] = (
        *CleverTapUploadOperator.template_fields,
        "spec",
        "track_anonymous",
        "use_object_id",
        "strict",
        "page_name",
        "screen_name",
    )

    def __init__(
        self,
        *,
        spec: Literal["rudderstack", "segment", "freshpaint"] | str | None = None,
        track_anonymous: bool | str | None = None,
        use_object_id: bool | str | None = None,
        strict: bool | str | None = None,
        page_name: str | None = None,
        screen_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.spec = spec
        self.track_anonymous = track_anonymous
        self.use_object_id = use_object_id
        self.strict = strict
        self.page_name = page_name
        self.screen_name = screen_name

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "spec": optional_text(self.spec),
            "track_anonymous": true_or_false("track_anonymous", self.track_anonymous),
            "use_object_id": true_or_false("use_object_id", self.use_object_id),
            "strict": true_or_false("strict", self.strict),
            "page_name": optional_text(self.page_name),
            "screen_name": optional_text(self.screen_name),
        }
