"""The counts of a load in the events of the assets that a task updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What is copied from a summary: numbers and words, but no path and no row data.
KEYS: Final = ("kind", "dry_run", "rows", "accepted", "rejected", "invalid", "unconfirmed", "skipped")


def add_counts(context: Mapping[str, Any] | None, outlets: Iterable[Any], summary: Mapping[str, Any]) -> None:
    """Add the counts of a load to the events of the assets in a task's ``outlets``.

    A key that the extra of an event already has keeps its value. An alias has no event of its own, and gets no counts.

    :param context: the running task's context.
    :param outlets: the task's outlets, as the user set them.
    :param summary: the load's summary.
    """
    events = context.get("outlet_events") if context else None
    if events is None:
        return
    for outlet in outlets:
        if hasattr(outlet, "uri"):
            extra = events[outlet].extra
            extra.update({key: summary[key] for key in KEYS if key in summary and key not in extra})
