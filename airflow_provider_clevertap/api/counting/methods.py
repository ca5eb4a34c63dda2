"""The client's methods that ask for numbers: counts, trends, the most frequent values, and who is active now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from airflow_provider_clevertap.api.counting.answers import Weeks, count_of, top_rows, trend_rows
from airflow_provider_clevertap.api.counting.asking import Pending, ask, ask_until_answered
from airflow_provider_clevertap.api.counting.questions import (
    Question,
    count_question,
    top_question,
    trend_question,
)
from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.api.reads.reader import Reader
from airflow_provider_clevertap.exceptions import ConfigurationError

#: What the number of people who are active now can be divided by (DEV real-time-counts-api).
NOW_PARTS: Final = ("user_type", "session_source", "browser", "os", "device", "new")


class CountMethods(Reader):
    """Methods of :class:`~.client.CleverTapClient` that return numbers."""

    def count_events(self, query: Mapping[str, Any], *, unique: bool = False, policy: ReadPolicy | None = None) -> int:
        """Return how many events CleverTap counts for a query (``POST /1/counts/events.json``).

        Events of notifications, which cannot be exported, are counted as well.

        :param query: as for :meth:`events`.
        :param unique: count the people who raised the events, not the events.
        :param policy: how often and how long each call is repeated.
        :raises RejectedReadError: when CleverTap rejects the query.
        :raises CleverTapUnavailableError: when the number is not ready in time.

        https://developer.clevertap.com/docs/get-event-count-api
        """
        question = count_question("events", query, unique=unique)
        return count_of(self.ask(question, policy=policy), question.path)

    def count_profiles(self, query: Mapping[str, Any], *, policy: ReadPolicy | None = None) -> int:
        """Return how many profiles CleverTap counts for a query (``POST /1/counts/profiles.json``).

        :param query: as for :meth:`events`.
        :param policy: how often and how long each call is repeated.
        :raises RejectedReadError: when CleverTap rejects the query.
        :raises CleverTapUnavailableError: when the number is not ready in time.

        https://developer.clevertap.com/docs/get-profile-count-api
        """
        question = count_question("profiles", query)
        return count_of(self.ask(question, policy=policy), question.path)

    def trends(
        self,
        query: Mapping[str, Any],
        groups: Mapping[str, Any],
        *,
        unique: bool = False,
        sum_property: str | None = None,
        weeks: Weeks | None = None,
        policy: ReadPolicy | None = None,
    ) -> list[dict[str, Any]]:
        """Return how many events there are in each day, week or month (``POST /1/counts/trends.json``).

        :param query: as for :meth:`events`; at most one year.
        :param groups: 1 to 5 groups by name: ``"daily"``, ``"weekly"`` or ``"monthly"``, or CleverTap's own form.
        :param unique: count the people who raised the events, not the events.
        :param sum_property: add up the values of this property instead of counting.
        :param weeks: which weeks CleverTap counts, ``"sunday"`` or ``"iso"``; ``None`` leaves their ``start`` open.
        :param policy: how often and how long each call is repeated.
        :returns: rows of ``group``, ``period``, ``start`` and ``count``. Periods without events may be missing.
        :raises RejectedReadError: when CleverTap rejects the query.
        :raises CleverTapUnavailableError: when the answer is not ready in time.

        https://developer.clevertap.com/docs/trends-api
        """
        question = trend_question(query, groups, unique=unique, sum_property=sum_property)
        return trend_rows(self.ask(question, policy=policy), question, weeks)

    def top_properties(
        self, query: Mapping[str, Any], groups: Mapping[str, Any], *, policy: ReadPolicy | None = None
    ) -> list[dict[str, Any]]:
        """Return the most frequent values of properties (``POST /1/counts/top.json``).

        :param query: as for :meth:`events`.
        :param groups: 1 to 5 groups by name: the name of an event property, or CleverTap's own form.
        :param policy: how often and how long each call is repeated.
        :returns: rows of ``group``, ``kind``, ``value`` and ``count``.
        :raises RejectedReadError: when CleverTap rejects the query.
        :raises CleverTapUnavailableError: when the answer is not ready in time.

        https://developer.clevertap.com/docs/top-property-counts-api
        """
        question = top_question(query, groups)
        return top_rows(self.ask(question, policy=policy), question)

    def active_now(self, parts: Collection[str] = (), *, policy: ReadPolicy | None = None) -> dict[str, Any]:
        """Return how many people are active now (``POST /1/now.json``).

        :param parts: what to divide the number by: ``user_type``, ``session_source``, ``browser``, ``os``, ``device``,
            ``new``.
        :param policy: how often and how long the call is repeated.
        :returns: the answer as CleverTap returns it, with ``count``.

        https://developer.clevertap.com/docs/real-time-counts-api
        """
        unknown = [part for part in parts if part not in NOW_PARTS]
        if unknown:
            raise ConfigurationError(f"{unknown[0]!r} is not a part of this count; known are {', '.join(NOW_PARTS)}.")
        fields = self.read("/1/now.json", body=dict.fromkeys(parts, True), policy=policy)
        count_of(fields, "/1/now.json")
        return {name: value for name, value in fields.items() if name != "status"}

    def ask(self, question: Question, *, policy: ReadPolicy | None = None, **options: Any) -> dict[str, Any]:
        """Ask a question until CleverTap has answered it, and return the fields of the answer.

        :param question: the question.
        :param policy: how often and how long each call is repeated.
        :param options: of :func:`~.counting.asking.ask_until_answered`.
        """
        return ask_until_answered(self.read, question, policy, **options)

    def ask_once(
        self, question: Question, request_id: int | None = None, *, policy: ReadPolicy | None = None
    ) -> dict[str, Any] | Pending:
        """Ask a question once, and return the fields of the answer or the number to ask with.

        :param question: the question.
        :param request_id: the number that CleverTap has named before.
        :param policy: how often and how long each call is repeated.
        """
        return ask(self.read, question, request_id, policy)
