"""Rules for device tokens: required fields, error codes, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator

WEB = {"p256dh": "BLc4", "auth": "5I2B"}


@pytest.mark.parametrize("kind", ["apns", "FCM", "gcm", "wns", "mpns"])
def test_token_types(code_of: Any, token: Any, emulator: RunningEmulator, kind: str) -> None:
    assert code_of(token(type=kind)) is None
    assert emulator.tokens()[0]["token_type"] == kind.lower()


@pytest.mark.parametrize("object_id", ["", None, 5, "x" * 1024])
def test_530_without_an_object_id(code_of: Any, token: Any, object_id: Any) -> None:
    assert code_of(token(object_id)) == 530


def test_530_with_an_identity_instead_of_an_object_id(code_of: Any, token: Any) -> None:
    record = token()
    del record["objectId"]
    assert code_of({**record, "identity": "c-1"}) == 530


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (531, None),
        (531, []),
        (532, {"type": "fcm"}),
        (532, {"id": "", "type": "fcm"}),
        (533, {"id": "t"}),
        (533, {"id": "t", "type": ""}),
        (534, {"id": "t", "type": "pager"}),
        (534, {"id": "t", "type": 5}),
        (535, {"id": 5, "type": "fcm"}),
        (535, {"id": "t", "type": "chrome"}),
        (535, {"id": "t", "type": "chrome", "keys": {"p256dh": "x"}}),
        (535, {"id": "t", "type": "chrome", "keys": {"p256dh": "x", "auth": 5}}),
    ],
)
def test_codes_of_token_data(code_of: Any, token: Any, code: int, data: Any) -> None:
    assert code_of({**token(), "tokenData": data}) == code


def test_534_for_a_type_that_is_not_valid_for_the_device(code_of: Any, token: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(device_types={"dev-1": ["APNS"]})
    assert code_of(token("dev-1", type="fcm")) == 534
    assert code_of(token("dev-1", type="apns")) is None
    assert code_of(token("dev-2", type="fcm")) is None


def test_chrome_tokens_keep_their_keys(code_of: Any, token: Any, emulator: RunningEmulator) -> None:
    assert code_of(token(type="chrome", keys=WEB)) is None
    assert emulator.tokens()[0]["keys"] == WEB


def test_keys_of_other_tokens_are_left_out(code_of: Any, token: Any, emulator: RunningEmulator) -> None:
    assert code_of(token(keys=WEB)) is None
    assert emulator.tokens()[0]["keys"] is None
    assert [(one["kind"], one["key"], one["field"]) for one in emulator.error_stream()] == [("token", "dev-1", "keys")]


def test_a_device_keeps_its_last_token_only(upload: Any, token: Any, emulator: RunningEmulator) -> None:
    upload(token("dev-1", id="old"), token("dev-2"))
    upload(token("dev-1", id="new"))
    assert [(one["object_id"], one["token"], one["uploads"]) for one in emulator.tokens()] == [
        ("dev-1", "new", 2),
        ("dev-2", "token-1", 1),
    ]
    assert emulator.tokens("dev-2")[0]["token"] == "token-1"
    assert emulator.profiles() == []
