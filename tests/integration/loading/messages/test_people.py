"""Messages become profiles and device tokens."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, profiles
from tests.support.messages_of_platforms import TIME, LoadMessages, identify

TRAITS = {
    "email": "asha@example.com",
    "firstName": "Asha",
    "lastName": "Rao",
    "phone": "+919876543210",
    "gender": "FEMALE",
    "birthday": "1990-05-01",
    "employed": "Y",
    "education": "Graduate",
    "married": "N",
    "customerType": "Gold",
    "avatar": "https://example.com/a.png",
    "MSG-email": False,
    "address": {"city": "Pune"},
    "plan": "gold",
}


def test_traits_become_fields(profile: Any) -> None:
    data = profile(identify(traits=TRAITS, context={"traits": {"plan": "platinum", "email": "other@example.com"}}))[
        "data"
    ]
    assert data == {
        "Email": "asha@example.com",
        "Name": "Asha Rao",
        "Phone": "+919876543210",
        "Gender": "F",
        "DOB": "$D_641520000",
        "Employed": "Y",
        "Education": "Graduate",
        "Married": "N",
        "Customer Type": "Gold",
        "Photo": "https://example.com/a.png",
        "MSG-email": False,
        "address": '{"city":"Pune"}',
        "plan": "platinum",
    }


def test_strict_sends_the_birthday_as_it_is(profile: Any) -> None:
    assert profile(identify(traits=TRAITS), strict=True)["data"]["DOB"] == "1990-05-01"


def test_an_unknown_gender_is_left_out(profile: Any) -> None:
    assert "Gender" not in profile(identify(traits={"gender": "unknown", "plan": "x"}))["data"]


def test_overrides_are_merged_last(profile: Any) -> None:
    traits = {"email": "a@example.com", "seen": 1, "overrideFields": {"seen": {"$incr": 2}, "Email": "b@example.com"}}
    assert profile(identify(traits=traits))["data"] == {"seen": 2, "Email": "b@example.com"}


@pytest.mark.parametrize("strict", [False, True])
def test_some_messages_override_what_others_do_not(load: LoadMessages, emulator: RunningEmulator, strict: bool) -> None:
    people: list[Any] = [
        identify(userId="a", traits={"name": "Asha", "email": "a@example.com", "overrideFields": {"Name": "Asha Rao"}}),
        identify(
            userId="b", traits={"name": "Bo", "email": "b@example.com", "overrideFields": {"Email": "c@example.com"}}
        ),
    ]
    assert load(profiles(), people, strict=strict)["accepted"] == 2
    assert emulator.profile("a")["data"] == {"Name": "Asha Rao", "Email": "a@example.com"}
    assert emulator.profile("b")["data"] == {"Name": "Bo", "Email": "c@example.com"}


def test_an_alias_names_both_ids(load: LoadMessages, emulator: RunningEmulator) -> None:
    load(profiles(), [{"type": "alias", "userId": "new", "previousId": "old", "timestamp": TIME}])
    assert emulator.profile("old")["data"] == {}
    # The emulator merges no profiles: that the new identity came shows in its errors.
    assert [(one["key"], one["field"]) for one in emulator.error_stream()] == [("old", "identity")]


@pytest.mark.parametrize(
    ("context", "integrations", "token"),
    [
        ({"os": {"name": "Android"}}, None, "fcm"),
        ({"os": {"name": "iPadOS"}}, None, "apns"),
        ({"device": {"type": "ios"}}, None, "apns"),
        ({"os": {"name": "Windows"}}, {"clevertap": {"deviceTokenType": "wns"}}, "wns"),
        ({"os": {"name": "Windows"}}, None, None),
    ],
)
def test_device_tokens(
    load: LoadMessages, emulator: RunningEmulator, context: Any, integrations: Any, token: str | None
) -> None:
    context = {**context, "device": {"token": "t1", **context.get("device", {})}}
    summary = load(DEVICE_TOKENS, [identify(anonymousId="a1", context=context, integrations=integrations)])
    assert [one["token_type"] for one in emulator.tokens("a1")] == ([] if token is None else [token])
    assert summary["skipped"] == (token is None)


@pytest.mark.parametrize("strict", [False, True])
def test_the_platforms_spelling_of_a_trait_wins(profile: Any, strict: bool) -> None:
    traits = {"email": "asha@example.com", "Email": "other@example.com", "Phone": "+919876543210"}
    data = profile(identify(traits=traits), strict=strict)["data"]
    assert data == {"Email": "asha@example.com", "Phone": "+919876543210"}


def test_strict_sets_a_trait_with_a_dot_by_its_path(profile: Any) -> None:
    data = profile(identify(traits={"a.b": 1, "a.c": 2, "plan": "x"}), strict=True)["data"]
    assert data == {"a": '{"b":1,"c":2}', "plan": "x"}
