"""To whom an event or a profile belongs: a user, an anonymous visitor or a device."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.messages_of_platforms import TIME, LoadMessages

IDS = ("userId", "anonymousId")


@pytest.mark.parametrize(
    ("given", "options", "owner"),
    [
        ("u-", {}, ("identity", "u")),
        ("ua", {}, ("identity", "u")),
        ("-a", {}, None),
        ("-a", {"track_anonymous": True}, ("identity", "a")),
        ("ua", {"use_object_id": True}, ("objectId", "a")),
        ("u-", {"use_object_id": True}, ("identity", "u")),
        ("-a", {"use_object_id": True}, None),
        ("-a", {"use_object_id": True, "track_anonymous": True}, ("objectId", "a")),
    ],
)
def test_owners_of_events(
    load: LoadMessages, emulator: RunningEmulator, given: str, options: Any, owner: tuple[str, str] | None
) -> None:
    ids = {name: value for name, value in zip(IDS, given, strict=True) if value != "-"}
    message = {"type": "track", "event": "E", "timestamp": TIME, **ids}
    summary = load(events(), [message], **options)
    assert summary["skipped"] == (owner is None)
    assert [(one["key_kind"], one["key"]) for one in emulator.events()] == ([] if owner is None else [owner])


@pytest.mark.parametrize(
    ("given", "use_object_id", "keys"),
    [
        ("u-", False, {"identity": ["u"]}),
        ("ua", False, {"identity": ["u"]}),
        ("-a", False, {"identity": ["a"]}),
        ("ua", True, {"objectId": ["a"], "identity": ["u"]}),
        ("-a", True, {"objectId": ["a"]}),
        ("u-", True, {"identity": ["u"]}),
    ],
)
def test_owners_of_profiles(profile: Any, given: str, use_object_id: bool, keys: dict[str, Any]) -> None:
    ids = {name: value for name, value in zip(IDS, given, strict=True) if value != "-"}
    found = profile({"type": "identify", "timestamp": TIME, "traits": {"x": 1}, **ids}, use_object_id=use_object_id)
    assert found["keys"] == keys


@pytest.mark.parametrize("place", ["traits.userId", "traits.id", "context.traits.userId", "context.traits.id"])
def test_the_user_id_may_be_among_the_traits(event: Any, place: str) -> None:
    message: dict[str, Any] = {"type": "track", "event": "E", "timestamp": TIME}
    inner = message
    *path, key = place.split(".")
    for part in path:
        inner = inner.setdefault(part, {})
    inner[key] = "u9"
    assert event(message)["key"] == "u9"
