"""The client's methods that return lists: names of events, properties and subscription groups, and messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from airflow_provider_clevertap.api.lists.messages import REPORT_PATH, messages_of, report_body
from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.api.reads.reader import Reader
from airflow_provider_clevertap.exceptions import ConfigurationError, ExportError


class ListMethods(Reader):
    """Methods of :class:`~.client.CleverTapClient` that return lists."""

    def event_names(self, *, policy: ReadPolicy | None = None) -> list[str]:
        """Return the names of all events of the account (``GET /getSchema``).

        :param policy: how often and how long the call is repeated.
        :raises ExportError: when the answer has no list of names.
        """
        return self._names("/getSchema", "events", {"type": "events"}, policy)

    def user_property_names(self, *, policy: ReadPolicy | None = None) -> list[str]:
        """Return the names of all properties of profiles (``GET /getSchema``).

        :param policy: how often and how long the call is repeated.
        :raises ExportError: when the answer has no list of names.
        """
        return self._names("/getSchema", "userProperties", {"type": "userProperties"}, policy)

    def subscription_groups(self, *, policy: ReadPolicy | None = None) -> list[str]:
        """Return the names of all subscription groups (``GET /category-groups``).

        :param policy: how often and how long the call is repeated.
        :raises ExportError: when the answer has no list of names.
        """
        return self._names("/category-groups", "list", {}, policy)

    def schema(self, lists: Collection[str], *, policy: ReadPolicy | None = None) -> dict[str, list[str]]:
        """Return names by list.

        :param lists: ``"events"``, ``"user_properties"`` and ``"subscription_groups"``, or some of them.
        :param policy: how often and how long each call is repeated.
        :raises ConfigurationError: when there is no such list.
        :raises ExportError: when an answer has no list of names.
        """
        known = {
            "events": self.event_names,
            "user_properties": self.user_property_names,
            "subscription_groups": self.subscription_groups,
        }
        unknown = [name for name in lists if name not in known]
        if unknown or not lists:
            raise ConfigurationError(f"lists={list(lists)!r} is not known; use {', '.join(known)}.")
        return {name: known[name](policy=policy) for name in known if name in lists}

    def messages(
        self,
        first: date,
        last: date,
        filters: Mapping[str, Sequence[str]] | None = None,
        *,
        daily: bool = False,
        policy: ReadPolicy | None = None,
    ) -> list[dict[str, Any]]:
        """Return the messages that began on some days, with their numbers (``POST /1/message/report.json``).

        CleverTap needs about a second for each day: ask for two weeks at most, with a timeout of a minute or more.

        :param first: the first day of the project.
        :param last: the last day; included.
        :param filters: ``channel``, ``delivery``, ``status``, ``message_type`` and ``label``: lists of words.
        :param daily: ask for the numbers of each day.
        :param policy: how often and how long the call is repeated.
        :returns: the messages as CleverTap returns them, except that ``message id`` is ``message_id``.
        :raises ExportError: when the answer has no list of messages.
        :raises IncompleteExportError: when it has fewer messages than it names.

        https://developer.clevertap.com/docs/get-message-reports-api
        """
        return messages_of(self.read(REPORT_PATH, body=report_body(first, last, filters, daily=daily), policy=policy))

    def _names(self, path: str, field: str, query: Mapping[str, str], policy: ReadPolicy | None) -> list[str]:
        fields = self.read(path, query=query, policy=policy, without_status=field)
        listed = fields.get(field)
        if not isinstance(listed, list):
            raise ExportError(f"CleverTap's answer to {path} has no list of {field}.")
        names = [item.get("name") or item.get("key") if isinstance(item, Mapping) else item for item in listed]
        return list(dict.fromkeys(str(name) for name in names if isinstance(name, str | int) and name))
