"""``POST /1/subscribe``: the three fields, the answers, and one status for each type and value."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.conftest import code_with
from tests.support.http_requests import get, post

PHONE = "+919812345678"


def stored(emulator: RunningEmulator) -> list[tuple[str, str, str]]:
    return [(one["type"], one["value"], one["status"]) for one in emulator.subscriptions()]


def unsubscribed(emulator: RunningEmulator) -> dict[str, list[str]]:
    return {profile["identity"]: sorted(profile["unsubscribed"]) for profile in emulator.profiles()}


@pytest.mark.parametrize("status", ["Unsubscribe", "Resubscribe"])
@pytest.mark.parametrize(("channel", "value"), [("email", "asha@example.com"), ("phone", PHONE), ("whatsapp", PHONE)])
def test_the_documented_records_are_stored(
    subscribe: Any, subscription: Any, emulator: RunningEmulator, channel: str, value: str, status: str
) -> None:
    emulator.change_settings(strictness="refuse")
    answer = subscribe(subscription(value, type=channel, status=status))
    assert answer == {"status": "success", "processed": 1, "unprocessed": []}
    assert stored(emulator) == [(channel, value, status)]
    assert emulator.stats()["stored"]["subscriptions"] == 1
    assert emulator.stats()["kinds"]["subscription"] == {"received": 1, "accepted": 1, "refused": 0}
    assert emulator.profiles() == []


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (524, {"type": None}),
        (524, {"type": "sms"}),
        (524, {"type": "Email"}),
        (524, {"type": ["email"]}),
        (512, {"status": None}),
        (512, {"status": "unsubscribe"}),
        (512, {"status": True}),
        (512, {"status": {}}),
        (512, {"value": None}),
        (512, {"value": " "}),
        (512, {"value": 919812345678}),
    ],
)
def test_a_field_that_is_missing_or_has_another_value_is_rejected(
    subscribe: Any, subscription: Any, emulator: RunningEmulator, code: int, fields: dict[str, Any]
) -> None:
    assert code_with(subscribe)(subscription(**fields)) == code
    assert stored(emulator) == []


@pytest.mark.parametrize("record", [None, 5, "x", [], ["type"]])
def test_a_record_that_is_no_object_is_rejected(subscribe: Any, record: Any) -> None:
    assert code_with(subscribe)(record) == 512


def test_rejected_records_are_answered_and_listed_as_those_of_uploads(
    subscribe: Any, subscription: Any, emulator: RunningEmulator
) -> None:
    wrong = subscription("b@example.com", status="Stop")
    answer = subscribe(subscription("a@example.com"), wrong)
    error = "Subscription is incorrect. ErrorCode: 512 - status is not Unsubscribe or Resubscribe. "
    entry = {"status": "fail", "code": 512, "error": f"{error}Skipped record number : 2", "record": wrong}
    assert answer == {"status": "partial", "processed": 1, "unprocessed": [entry]}
    (refused,) = emulator.refused("b@example.com")
    assert (refused["kind"], refused["record_number"], refused["record"]) == ("subscription", 2, wrong)
    assert subscribe(wrong)["status"] == "fail"


@pytest.mark.parametrize(
    ("channel", "value", "code"),
    [("email", "asha", 515), ("email", PHONE, 515), ("phone", "12345", 516), ("whatsapp", "asha@example.com", 516)],
)
def test_where_a_value_is_no_address_strictness_decides(
    subscribe: Any, subscription: Any, emulator: RunningEmulator, channel: str, value: str, code: int
) -> None:
    record = subscription(value, type=channel)
    assert code_with(subscribe)(record) is None
    assert stored(emulator) == []
    (finding,) = emulator.error_stream(value)
    assert (finding["kind"], finding["record_number"], finding["field"]) == ("subscription", 1, "value")
    emulator.change_settings(strictness="refuse")
    assert code_with(subscribe)(record) == code
    emulator.change_settings(strictness="keep")
    assert code_with(subscribe)(record) is None
    assert stored(emulator) == [(channel, value, "Unsubscribe")]


def test_a_type_and_value_has_its_last_status_only(
    subscribe: Any, subscription: Any, emulator: RunningEmulator
) -> None:
    first = subscription(PHONE, type="phone")
    subscribe(first, subscription(PHONE, type="whatsapp"), first, {**first, "status": "Resubscribe"})
    assert stored(emulator) == [("phone", PHONE, "Resubscribe"), ("whatsapp", PHONE, "Unsubscribe")]
    assert [one["uploads"] for one in emulator.subscriptions(PHONE)] == [3, 1]
    subscribe(first)
    assert stored(emulator)[0] == ("phone", PHONE, "Unsubscribe")
    assert emulator.subscriptions("other") == []


def test_values_are_compared_exactly(subscribe: Any, subscription: Any, emulator: RunningEmulator) -> None:
    subscribe(subscription("a@example.com"), subscription("A@example.com", status="Resubscribe"))
    assert [value for _, value, _ in stored(emulator)] == ["a@example.com", "A@example.com"]


def test_a_status_counts_for_every_profile_with_the_value(
    upload: Any, subscribe: Any, profile: Any, subscription: Any, emulator: RunningEmulator
) -> None:
    upload(profile("a", Email="asha@example.com", Phone=PHONE), profile("b", Phone=PHONE), profile("c", Email="c@d.ef"))
    before = [one["data"] for one in emulator.profiles()]
    subscribe(subscription(), *(subscription(PHONE, type=channel) for channel in ("phone", "whatsapp")))
    subscribe(subscription(PHONE, type="phone", status="Resubscribe"))
    upload(profile("d", Email="asha@example.com"))
    assert unsubscribed(emulator) == {"a": ["email", "whatsapp"], "b": ["whatsapp"], "c": [], "d": ["email"]}
    assert [one["data"] for one in emulator.profiles()][:3] == before
    assert emulator.events() == []


def test_a_batch_has_at_most_1000(
    api: httpx.Client, subscribe: Any, subscription: Any, emulator: RunningEmulator
) -> None:
    records = [subscription(f"c{number}@example.com") for number in range(1001)]
    answer = api.post("/1/subscribe", json={"d": records})
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert stored(emulator) == []
    assert subscribe(*records[:1000])["processed"] == 1000


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"d":{}}', b'{"d":[]}'])
def test_a_body_without_records_is_malformed(api: httpx.Client, body: bytes) -> None:
    answer = api.post("/1/subscribe", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "Malformed request")


def test_credentials_and_methods(api: httpx.Client, subscription: Any, emulator: RunningEmulator) -> None:
    answer = post(f"{emulator.url}/1/subscribe", json={"d": [subscription()]})
    assert (answer.status_code, answer.json()["error"]) == (401, "Account ID is not valid")
    assert api.get("/1/subscribe").status_code == 405
    assert stored(emulator) == []


def test_there_is_no_dry_run(subscribe: Any, subscription: Any, emulator: RunningEmulator) -> None:
    subscribe(subscription(), dryRun="1")
    assert len(stored(emulator)) == 1
    (request,) = emulator.requests("/1/subscribe")
    assert (request["dry_run"], request["stored"], request["accepted"]) == (False, True, 1)


def test_subscriptions_are_not_uploads(code_of: Any, subscribe: Any, subscription: Any, profile: Any) -> None:
    assert code_of(subscription()) == 524
    assert code_of({**subscription(), "type": "subscription"}) == 524
    assert code_with(subscribe)(profile()) == 512


@pytest.mark.parametrize("is_stored", [False, True])
def test_faults_before_or_after_storing(
    api: httpx.Client, subscribe: Any, subscription: Any, emulator: RunningEmulator, is_stored: bool
) -> None:
    emulator.inject({"do": "hang_up", "stored": is_stored, "kind": "subscription", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/1/subscribe", json={"d": [subscription()]})
    assert bool(stored(emulator)) == is_stored
    subscribe(subscription())
    assert emulator.subscriptions()[0]["uploads"] == 1 + is_stored
    emulator.inject({"do": "no_record_numbers", "times": 1}, {"do": "wrong_counts"})
    assert "Skipped" not in subscribe(subscription(status="Stop"))["unprocessed"][0]["error"]
    assert subscribe(subscription())["processed"] == 2


def test_a_reset_removes_them(subscribe: Any, subscription: Any, emulator: RunningEmulator) -> None:
    subscribe(subscription())
    assert get(f"{emulator.url}/admin/subscriptions").json()["total"] == 1
    emulator.reset()
    assert emulator.subscriptions() == []
    assert emulator.stats()["kinds"]["subscription"]["accepted"] == 0


def test_deeply_nested_properties_do_not_break_the_list_of_profiles(
    upload: Any, profile: Any, emulator: RunningEmulator
) -> None:
    emulator.change_settings(strictness="keep")
    nested: Any = 1
    for _ in range(900):
        nested = {"a": nested}
    upload(profile("a", note=[nested], Phone=PHONE))
    assert unsubscribed(emulator) == {"a": []}
