"""Operations on profiles, which wait for the night, and campaigns, which send nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import DAYS, NOVEMBER_1, exported

DELETE, DEMERGE, DISASSOCIATE = "/1/delete/profiles.json", "/1/demerge/profiles.json", "/1/disassociate"
SALE = {"name": "Sale", "target_mode": "push", "where": DAYS, "content": {"title": "Hi", "body": "Sale"}, "when": "now"}


@pytest.fixture
def people(upload: Any, event: Any, profile: Any, token: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(identity_and_object_id="accept")
    upload(
        {**profile("c-1", Tier="Gold", Phone="+919812345678"), "objectId": "dev-1"},
        {**profile("c-1"), "objectId": "dev-2"},
        profile("c-2", Email="ben@example.com"),
        event(identity="c-1", ts=NOVEMBER_1),
        event(identity="c-2", ts=NOVEMBER_1),
        token("dev-1"),
        token("dev-2", type="apns"),
    )


@pytest.mark.parametrize("events", ["keep", "delete"])
def test_profiles_are_deleted_at_night(api: Any, people: None, emulator: RunningEmulator, events: str) -> None:
    emulator.change_settings(deleted_events=events)
    assert api.post(DELETE, json={"identity": ["c-1", "nobody"]}).json() == {"status": "success"}
    assert emulator.profile("c-1")["data"]["Tier"] == "Gold"
    assert emulator.run_night() == 1
    assert emulator.profiles("c-1") == emulator.profiles("dev-2") == emulator.tokens() == []
    people_of_events = [one["profile"].get("identity") for one in exported(api)]
    assert people_of_events == ([None, "c-2"] if events == "keep" else ["c-2"])
    assert api.post("/admin/night").json() == {"changed": 0}


@pytest.mark.parametrize("body", [{"identity": "c-2"}, {"guid": "dev-1"}, {"guid": ["dev-1"]}])
def test_one_id_may_be_text(api: Any, people: None, emulator: RunningEmulator, body: Any) -> None:
    assert api.post(DELETE, json=body).json() == {"status": "success"}
    assert emulator.run_night() == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (DELETE, {"identity": "a", "guid": "b"}),
        (DELETE, {}),
        (DELETE, {"identity": []}),
        (DELETE, {"identity": [None]}),
        (DELETE, {"identity": [str(n) for n in range(1, 102)]}),
        (DEMERGE, {"identity": ["a"]}),
        (DEMERGE, {"identities": [str(n) for n in range(1, 102)]}),
        (DISASSOCIATE, {"d": []}),
        (DISASSOCIATE, {"d": [{}] * 1001}),
    ],
)
def test_requests_that_are_rejected_as_a_whole(api: Any, people: None, path: str, body: Any) -> None:
    answer = api.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "Malformed request")


def test_demerging_gives_each_device_a_profile(
    api: Any, people: None, upload: Any, profile: Any, emulator: RunningEmulator
) -> None:
    assert api.post(DEMERGE, json={"identities": ["c-1"]}).json() == {"status": "success"}
    assert emulator.run_night() == 1
    assert emulator.profiles("c-1") == []
    assert emulator.profile("dev-1")["data"]["Tier"] == "Gold"
    assert emulator.profile("dev-2")["data"] == {}
    upload(profile("c-9"))
    assert len({one["id"] for one in emulator.profiles()}) == 4


def test_phones_are_disassociated_at_once(api: Any, people: None, emulator: RunningEmulator) -> None:
    records = [{"type": "phone", "value": "+919812345678"}, {"type": "email", "value": "a@b.co"}, {"type": "phone"}]
    answer = api.post(DISASSOCIATE, json={"d": records}).json()
    assert (answer["status"], answer["processed"], len(answer["unprocessed"])) == ("partial", 1, 2)
    assert answer["unprocessed"][0]["error"].endswith("Skipped record number : 2")
    assert emulator.profile("c-1")["data"] == {"Tier": "Gold"}


def test_a_fault_decides_whether_an_operation_is_done(api: Any, people: None, emulator: RunningEmulator) -> None:
    for stored in (False, True):
        emulator.inject({"do": "status", "status": 500, "stored": stored, "times": 1})
        assert api.post(DELETE, json={"identity": "c-2"}).status_code == 500
        assert emulator.run_night() == stored


def test_a_campaign_is_created_listed_and_has_a_result(api: Any, people: None, emulator: RunningEmulator) -> None:
    estimates = {"android": 1, "ios": 1}
    only = api.post("/1/targets/create.json", json={**SALE, "estimate_only": True}).json()
    assert only == {"status": "success", "estimates": estimates}
    by_mail = {**SALE, "target_mode": "email", "estimate_only": True}
    assert api.post("/1/targets/create.json", json=by_mail).json()["estimates"] == {"web": 1}
    made = api.post("/1/targets/create.json", json={**SALE, "when": "20251105 09:30"}).json()
    assert made == {"status": "success", "id": made["id"], "estimates": estimates}
    again = api.post("/1/targets/create.json", json={**SALE, "skip_estimate": True, "when": "20251231 09:30"}).json()
    assert (again.keys(), again["id"] != made["id"]) == ({"status", "id"}, True)
    november = {"from": 20251101, "to": 20251130}
    assert api.post("/1/targets/list.json", json=november).json() == {
        "status": "success",
        "targets": [{"id": made["id"], "name": "Sale", "scheduled_on": "202511050930", "status": "completed"}],
    }
    found = api.post("/1/targets/result.json", json={"id": made["id"]}).json()
    assert found == {"status": "success", "result": {"sent": 2, "clicked": 0}}


@pytest.mark.parametrize(
    ("shape", "status", "fields"),
    [
        ("conflict", 409, {"status": "fail"}),
        ("error", 500, {"error": "This target has no result as of yet"}),
        ("success", 200, {"status": "success", "code": 200}),
        ("fail", 200, {"status": "fail"}),
    ],
)
def test_a_result_that_is_not_there_yet(
    api: httpx.Client, emulator: RunningEmulator, shape: str, status: int, fields: dict[str, Any]
) -> None:
    emulator.change_settings(campaign_seconds=3600, unfinished_result=shape)
    made = api.post("/1/targets/create.json", json={"name": "a", "content": {"body": "b"}}).json()
    answer = api.post("/1/targets/result.json", json={"id": made["id"]})
    assert answer.status_code == status
    assert answer.json().items() >= fields.items()
    assert "result" not in answer.json()
    assert api.post("/1/targets/stop.json", json={"id": made["id"]}).json() == {"status": "success"}
    assert api.post("/1/targets/result.json", json={"id": made["id"]}).status_code == status


def test_rejected_campaigns(api: httpx.Client, people: None) -> None:
    for body in ({}, {"name": "a"}, {**SALE, "when": "soon"}, {**SALE, "where": {**DAYS, "event_name": "Nothing"}}):
        assert api.post("/1/targets/create.json", json=body).json()["status"] == "fail"
    for path in ("stop", "result"):
        assert api.post(f"/1/targets/{path}.json", json={"id": 5}).json()["error"] == "Invalid campaign id"
    assert api.post("/1/targets/list.json", json={"from": 20251101, "to": 20251202}).json()["code"] == 4002


def test_a_campaign_is_made_although_its_answer_is_lost(api: httpx.Client, people: None, emulator: Any) -> None:
    emulator.inject({"do": "reset", "stored": True, "times": 1})
    with pytest.raises(httpx.HTTPError):
        api.post("/1/targets/create.json", json={**SALE, "when": "20251105 09:30"})
    listed = api.post("/1/targets/list.json", json={"from": 20251101, "to": 20251130}).json()
    assert [one["name"] for one in listed["targets"]] == ["Sale"]
