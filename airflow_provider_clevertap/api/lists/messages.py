"""The report on messages: what is asked for, and the messages in an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from airflow_provider_clevertap.api.suggestions import suggest
from airflow_provider_clevertap.exceptions import ConfigurationError, ExportError, IncompleteExportError

REPORT_PATH: Final = "/1/message/report.json"
#: The lists that select messages (DEV get-message-reports-api). Their words are passed on as they are.
FILTERS: Final = ("channel", "delivery", "status", "message_type", "label")


def report_body(
    first: date, last: date, filters: Mapping[str, Sequence[str]] | None = None, *, daily: bool = False
) -> dict[str, Any]:
    """Return the body of a request for the messages that began on some days.

    Days are text, as documented. Another client sends numbers, and gets answers too.

    :param first: the first day of the project.
    :param last: the last day; included.
    :param filters: lists of words by name, see ``FILTERS``.
    :param daily: ask for the numbers of each day.
    :raises ConfigurationError: when an argument cannot be used.
    """
    if first > last:
        raise ConfigurationError(f"The report from {first} to {last} ends before it starts.")
    return {
        "from": f"{first:%Y%m%d}",
        "to": f"{last:%Y%m%d}",
        **check_report_filters(filters or {}),
        **({"daily": True} if daily else {}),
    }


def check_report_filters(filters: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return filters as lists of words.

    :raises ConfigurationError: when CleverTap does not know one of them: it would ignore it.
    """
    checked = {}
    for name, words in filters.items():
        if name not in FILTERS:
            raise ConfigurationError(f"{name!r} is not a filter of the report on messages. {suggest(name, FILTERS)}")
        listed = [words] if isinstance(words, str) else list(words)
        if not listed or not all(isinstance(word, str) and word for word in listed):
            raise ConfigurationError(f"{name} must be a word or a list of words, not {words!r}.")
        checked[name] = listed
    return checked


def messages_of(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of an answer. The number of a message is in ``message_id``, without CleverTap's blank.

    :raises ExportError: when the answer has no list of messages.
    :raises IncompleteExportError: when it has fewer messages than it names.
    """
    listed = fields.get("messages")
    if not isinstance(listed, list) or not all(isinstance(message, Mapping) for message in listed):
        raise ExportError(f"CleverTap's answer to {REPORT_PATH} has no list of messages.")
    total = fields.get("total_results")
    if isinstance(total, int) and total > len(listed):
        raise IncompleteExportError(f"CleverTap names {total:,} messages and has returned {len(listed):,}.")
    return [
        {"message_id" if name == "message id" else name: value for name, value in message.items()} for message in listed
    ]
