"""The kinds of question by name: how each is made, and what its answer is read as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.api.counting.answers import count_of, top_rows, trend_rows
from airflow_provider_clevertap.api.counting.questions import (
    COUNTED,
    Question,
    count_question,
    top_question,
    trend_question,
)


def make_question(kind: str, query: Mapping[str, Any], options: Mapping[str, Any]) -> Question:
    """Return a question.

    :param kind: ``"events"``, ``"profiles"``, ``"trends"`` or ``"top"``.
    :param query: the query.
    :param options: the other arguments of the kind.
    :raises ConfigurationError: when an argument cannot be used.
    """
    if kind == "trends":
        return trend_question(query, options["groups"], unique=options["unique"], sum_property=options["sum_property"])
    if kind == "top":
        return top_question(query, options["groups"])
    return count_question(kind, query, unique=options.get("unique", False))


def read_answer(question: Question, fields: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """Return what an answer means: a number, or rows.

    :raises ExportError: when the answer has another form.
    """
    if question.path in COUNTED.values():
        return count_of(fields, question.path)
    if question.path.endswith("trends.json"):
        return trend_rows(fields, question, options.get("weeks"))
    return top_rows(fields, question)
