"""What CleverTap was seen to do, and what its own programs send, where its documentation says something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_clevertap.api.answers import Processed, RejectedRecord
from airflow_provider_clevertap.api.response_parser import read_answer
from airflow_provider_clevertap.emulator.testing import RunningEmulator


@pytest.mark.parametrize("name", ["Web Page Viewed", "web page viewed", "WebPageViewed"])
def test_web_page_viewed_is_rejected_as_in_2024(code_of: Any, event: Any, emulator: RunningEmulator, name: str) -> None:
    assert code_of(event(name)) == 513
    assert code_of(event(f"{name} Today")) is None
    emulator.change_settings(web_page_viewed="accept")
    assert code_of(event(name)) is None
    assert [one["name"] for one in emulator.events()] == [f"{name} Today", name]


def test_an_event_without_data(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    record = event()
    del record["evtData"]
    assert code_of(record) == 512
    emulator.change_settings(missing_event_data="accept")
    assert code_of(record) is None
    assert code_of({**record, "evtData": None}) == 512
    assert [one["data"] for one in emulator.events()] == [{}]


@pytest.mark.parametrize("flag", ["true", "false", "1", "0", "TRUE"])
def test_flags_as_text(code_of: Any, profile: Any, emulator: RunningEmulator, flag: str) -> None:
    assert code_of(profile(**{"MSG-push": flag, "MSG-sms": "yes", "MSG-dndPhone": 1})) is None
    assert emulator.profile("c-1")["data"] == {"MSG-push": flag}
    assert [one["field"] for one in emulator.error_stream()] == ["MSG-sms", "MSG-dndPhone"]
    emulator.change_settings(flags_as_text="strict", strictness="refuse")
    assert code_of(profile(**{"MSG-push": flag})) == 512


class TestIdentityAndObjectId:
    @pytest.fixture(autouse=True)
    def _accepted(self, emulator: RunningEmulator) -> None:
        emulator.change_settings(identity_and_object_id="accept", strictness="refuse")

    def test_both_lead_to_one_profile(self, code_of: Any, profile: Any, event: Any, emulator: RunningEmulator) -> None:
        assert code_of({**profile("c-1", Tier="Gold"), "objectId": "dev-1"}) is None
        assert code_of({**event(identity="c-2"), "objectId": "dev-2"}) is None
        assert [one["keys"] for one in emulator.profiles()] == [
            {"identity": ["c-1"], "objectId": ["dev-1"]},
            {"identity": ["c-2"], "objectId": ["dev-2"]},
        ]
        assert emulator.profile("dev-1")["data"] == {"Tier": "Gold"}
        assert emulator.error_stream() == []

    def test_a_profile_known_by_its_device_gets_the_identity(
        self, code_of: Any, profile: Any, emulator: RunningEmulator
    ) -> None:
        assert code_of({"type": "profile", "objectId": "dev-1", "profileData": {"Tier": "Gold"}}) is None
        assert code_of({**profile("c-1", City="Pune"), "objectId": "dev-1"}) is None
        assert [one["data"] for one in emulator.profiles()] == [{"Tier": "Gold", "City": "Pune"}]

    def test_a_device_stays_with_its_profile(self, code_of: Any, profile: Any, emulator: RunningEmulator) -> None:
        assert code_of({**profile("c-1"), "objectId": "dev-1"}) is None
        assert code_of({**profile("c-2", City="Pune"), "objectId": "dev-1"}) is None
        assert emulator.profile("dev-1")["identity"] == "c-1"
        assert emulator.profile("c-2")["data"] == {"City": "Pune"}
        assert [(one["key"], one["field"]) for one in emulator.error_stream()] == [("c-2", "objectId")]

    def test_each_must_be_one(self, code_of: Any, profile: Any) -> None:
        assert code_of({**profile("c-1"), "objectId": " "}) == 526
        assert code_of({**profile("nan"), "objectId": "dev-1"}) == 523
        assert code_of({**profile("c-1"), "objectId": "dev-1", "FBID": "fb-1"}) == 523
        assert code_of({**profile("c-1"), "FBID": "fb-1"}) == 523


def echo_of(answer: dict[str, Any]) -> Any:
    return answer["unprocessed"][0]["record"]


def test_the_echo_of_a_phone_number_that_passed_its_check_is_a_number(upload: Any, profile: Any) -> None:
    valid = {"identity": 12, "Phone": "+35922333232"}
    assert echo_of(upload(profile(12, **valid, Employed="223"))) == {
        "type": "profile",
        "identity": "12",
        "profileData": {"identity": "12", "Phone": 35922333232, "Employed": "223"},
    }
    assert echo_of(upload(profile("12", Email="1234", **valid)))["profileData"]["Phone"] == "+35922333232"
    assert echo_of(upload(profile("12", Phone="223", Age="x")))["profileData"]["Phone"] == "223"
    assert echo_of(upload({**profile("12", **valid), "ts": 0}))["profileData"]["Phone"] == "+35922333232"
    long = "+1" + "0" * 400
    assert echo_of(upload(profile("12", Phone=long, Age="x")))["profileData"]["Phone"] == long


def test_the_client_reads_such_an_echo_also_without_record_numbers(
    api: Any, profile: Any, emulator: RunningEmulator
) -> None:
    records = [profile(7, Phone="+35922333232"), profile(8, Phone="+35922333233", Employed="223")]
    for fault in ([], [{"do": "no_record_numbers"}]):
        emulator.inject(*fault)
        sent = json.dumps({"d": records}).encode()
        answer = api.post("/1/upload", content=sent)
        read = read_answer(answer.status_code, answer.headers, answer.content, len(records), sent=sent)
        assert read == Processed((RejectedRecord(1, 517, "Profile data is incorrect. Employed needs to be Y/N."),))
