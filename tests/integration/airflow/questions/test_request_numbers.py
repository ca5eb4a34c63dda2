"""CleverTap gives a question a number, with which a later attempt asks again."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.questions import COUNTS, DAYS, Store, count, in_task

pytestmark = [pytest.mark.airflow]


def test_a_later_attempt_asks_with_the_number_of_the_first(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import AirflowException

    store = Store()
    project.change_settings(counts_not_ready=10_000)
    # the time is over after the third request
    clock = SimpleNamespace(monotonic=lambda: 0.0 if len(project.requests(COUNTS)) < 3 else math.inf)
    with monkeypatch.context() as patch:
        patch.setattr("airflow_provider_clevertap.api.counting.asking.time", clock)
        with pytest.raises(AirflowException, match="has not answered"):
            count(timeout=60).execute(in_task(store))
    assert [request["method"] for request in project.requests(COUNTS)] == ["POST", "GET", "GET"]
    kept = store.kept["clevertap_request"]["req_id"]
    project.change_settings(counts_not_ready=1)
    before = len(project.requests(COUNTS))
    assert count().execute(in_task(store)) == 48
    assert [request["method"] for request in project.requests(COUNTS)[before:]] == ["GET"]
    assert isinstance(kept, int)
    assert store.kept == {}


@pytest.mark.parametrize("change", ["other question", "expired", "too old", "strange"])
def test_a_number_that_does_not_serve_is_asked_for_anew(project: Any, change: str) -> None:
    from airflow.providers.common.compat.sdk import AirflowException

    store = Store()
    project.change_settings(counts_not_ready=10_000)
    with pytest.raises(AirflowException):
        count(timeout=0.1).execute(in_task(store))
    query = {**DAYS, "to": "2025-11-01"} if change == "other question" else DAYS
    if change == "expired":
        project.change_settings(request_id_life=0)
    if change == "too old":
        store.kept["clevertap_request"]["at"] -= 7200
    if change == "strange":
        store.kept["clevertap_request"]["req_id"] = "x"
    project.change_settings(counts_not_ready=0)
    assert count(query=query).execute(in_task(store)) == (24 if change == "other question" else 48)


def test_a_store_that_fails_costs_nothing_but_a_warning(project: Any) -> None:
    project.change_settings(counts_not_ready=1)
    assert count().execute(in_task(Store(RuntimeError("no store")))) == 48
