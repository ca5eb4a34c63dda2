"""The methods of the hook that return numbers and names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from airflow_provider_clevertap.api.client import CleverTapClient

#: How long CleverTap may prepare an answer.
_TIMEOUT = 900.0


class QuestionMethods:
    """Methods of :class:`~airflow_provider_clevertap.hooks.clevertap.CleverTapHook` that ask for numbers and names.

    The days of a query are ``from`` and ``to``. Inside a running task they are by default those of its data interval.
    """

    def count(
        self,
        query: Mapping[str, Any],
        *,
        of: Literal["events", "profiles"] = "events",
        unique: bool = False,
        timeout: float = _TIMEOUT,
    ) -> int:
        """Count events or people.

        :param query: as for ``CleverTapCountOperator``.
        :param of: ``"events"`` or ``"profiles"``.
        :param unique: count the people who raised the events, not the events.
        :param timeout: how long CleverTap may prepare the answer, in seconds.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        found: int = self._ask(of, query, {"unique": unique}, timeout)
        return found

    def trends(
        self,
        query: Mapping[str, Any],
        groups: Mapping[str, Any],
        *,
        unique: bool = False,
        sum_property: str | None = None,
        weeks: Literal["sunday", "iso"] | None = None,
        timeout: float = _TIMEOUT,
    ) -> list[dict[str, Any]]:
        """Count the events of each day, week or month.

        :param query: as for ``CleverTapTrendsOperator``.
        :param groups: the same.
        :param unique: the same.
        :param sum_property: the same.
        :param weeks: the same.
        :param timeout: how long CleverTap may prepare the answer, in seconds.
        :return: the rows.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        options = {"groups": groups, "unique": unique, "sum_property": sum_property, "weeks": weeks}
        rows: list[dict[str, Any]] = self._ask("trends", query, options, timeout)
        return rows

    def top_properties(
        self, query: Mapping[str, Any], groups: Mapping[str, Any], *, timeout: float = _TIMEOUT
    ) -> list[dict[str, Any]]:
        """Count the most frequent values of properties.

        :param query: as for ``CleverTapTopPropertiesOperator``.
        :param groups: the same.
        :param timeout: how long CleverTap may prepare the answer, in seconds.
        :return: the rows.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        rows: list[dict[str, Any]] = self._ask("top", query, {"groups": groups}, timeout)
        return rows

    def active_now(self, parts: Collection[str] = ()) -> dict[str, Any]:
        """Return how many people are active now.

        :param parts: what to divide the number by: ``user_type``, ``session_source``, ``browser``, ``os``, ``device``,
            ``new``.
        :return: CleverTap's answer, with ``count``.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self.get_conn().active_now(parts)

    def schema(
        self, lists: Collection[str] = ("events", "user_properties", "subscription_groups")
    ) -> dict[str, list[str]]:
        """Return the names of events, of properties of profiles, and of subscription groups.

        :param lists: which of them.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self.get_conn().schema(lists)

    def get_conn(self) -> CleverTapClient:
        """Return the client; implemented by the hook."""
        raise NotImplementedError

    def _ask(self, kind: str, query: Mapping[str, Any], options: dict[str, Any], timeout: float) -> Any:
        """Ask a question; implemented by the hook."""
        raise NotImplementedError
