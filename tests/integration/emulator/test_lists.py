"""The names an account has, its subscription groups, and the report on messages."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator

PUSH = {
    "message id": 1457432766,
    "message_name": "Sale",
    "channel": "Push",
    "delivery": "One Time",
    "start_date": "2025-11-03 09:30",
    "status": "completed",
    "sent": 10,
    "labels": ["Winter"],
}
EMAIL = {"message id": 2, "channel": "Email", "start_date": "20251101", "status": "running"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_names_of_events_and_properties(
    api: httpx.Client, upload: Any, event: Any, profile: Any, emulator: RunningEmulator, method: str
) -> None:
    upload(event("Store Visit"), event("store visit"), event("Charged"), profile("c-1", Tier="Gold", Email="a@b.co"))
    emulator.change_settings(discarded_events=["Charged"])
    answer = api.request(method, "/getSchema", params={"type": "events"}).json()
    system = ["App Launched", "App Uninstalled", "Notification Sent", "Notification Viewed", "Notification Clicked"]
    assert [one["name"] for one in answer["events"]] == [*system, "Store Visit", "Charged"]
    answer = api.request(method, "/getSchema", params={"type": "userProperties"}).json()
    assert answer == {"status": "success", "userProperties": [{"name": "Email"}, {"name": "Tier"}]}
    assert api.request(method, "/getSchema").json()["status"] == "fail"


def test_subscription_groups(api: httpx.Client, upload: Any, profile: Any) -> None:
    upload(
        profile("c-1", **{"category-unsubscribe": {"email": ["News", "Offers"]}}),
        profile("c-2", **{"category-resubscribe": {"sms": ["Offers"]}}),
    )
    answer = api.get("/category-groups").json()
    assert answer == {"status": "success", "list": [{"key": 1, "name": "News"}, {"key": 2, "name": "Offers"}]}


def test_a_report_lists_the_messages_that_began_in_the_range(api: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.add_messages(PUSH)
    assert api.post("/admin/messages", json=[EMAIL]).json() == [EMAIL, PUSH]

    def report(first: Any = "20251101", last: Any = "20251114", **filters: Any) -> Any:
        return api.post("/1/message/report.json", json={"from": first, "to": last, **filters}).json()

    assert report() == {"status": "success", "total_results": 2, "messages": [EMAIL, PUSH]}
    assert report(20251102, 20251103)["messages"] == [PUSH]
    assert report("20251104") == {"status": "success", "total_results": 0, "messages": []}
    for filters in (
        {"channel": ["push"]},
        {"status": ["completed", "x"]},
        {"delivery": ["one_time"]},
        {"label": ["Winter"]},
    ):
        assert report(**filters)["messages"] == [PUSH]
    assert report(channel=["push"], status=["running"])["messages"] == []
    assert report("20251114", "20251101")["code"] == 4002
    assert report("soon")["code"] == 4002
    assert report(channel="push")["error"] == "Malformed request"
    emulator.reset()
    assert report()["total_results"] == 0


@pytest.mark.parametrize(
    "message", [{"message id": 1}, {"message id": 1, "start_date": "soon"}, {"start_date": "20251101"}]
)
def test_messages_need_a_number_and_a_date(api: httpx.Client, emulator: RunningEmulator, message: Any) -> None:
    assert api.post("/admin/messages", json=[message]).status_code == 400
    with pytest.raises(msgspec.ValidationError):
        emulator.add_messages(message)


def test_paths_that_the_api_does_not_have(api: httpx.Client, emulator: RunningEmulator) -> None:
    assert api.get("/1/event.json").status_code == 404
    emulator.change_settings(unknown_paths="empty")
    answer = api.post("/1/event.json", json={})
    assert (answer.status_code, answer.content) == (200, b"")
    assert api.delete("/1/events.json").json()["code"] == 405
    assert api.get("/1/event.json", headers={"X-CleverTap-Passcode": "x"}).status_code == 401


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"pageNumber": "1", "pageSize": "100", "updatedFrom": "2026-01-02T00:00:00.000Z"}, None),
        ({"updatedFrom": "2026-01-02T00:00:00Z"}, "Enter date in ISO format"),
        ({"pageSize": "101"}, '["Invalid page"]'),
        ({"pageNumber": "0"}, '["Invalid page"]'),
    ],
)
def test_content_blocks(api: httpx.Client, query: dict[str, str], error: str | None) -> None:
    answer = api.get("/v1/contentBlock/list", params=query).json()
    assert answer.get("error") == error
    assert error or answer == {"status": "success", "contentBlocks": [], "total": 0}
