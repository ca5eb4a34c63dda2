"""The admin endpoints: lists, totals, settings, reset, and which clients they answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.http.admin import is_loopback
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.http_requests import get, post


def test_totals(api: httpx.Client, upload: Any, profile: Any, event: Any, emulator: RunningEmulator) -> None:
    upload(profile("a"), profile("b", Email="x"), event(), event("Stayed"), {"type": "user"})
    upload(profile("a"), profile("b.c", **{"d.e": 1}), dryRun="1")
    api.post("/1/upload", content=b"{")
    stats = get(emulator.url + "/admin/stats").json()
    assert stats == emulator.stats()
    assert (stats["received"], stats["accepted"], stats["refused"]) == (5, 2, 3)
    assert stats["kinds"] == {
        "event": {"received": 2, "accepted": 1, "refused": 1},
        "other": {"received": 1, "accepted": 0, "refused": 1},
        "profile": {"received": 2, "accepted": 1, "refused": 1},
        "subscription": {"received": 0, "accepted": 0, "refused": 0},
        "token": {"received": 0, "accepted": 0, "refused": 0},
    }
    assert stats["refused_codes"] == {"513": 1, "515": 1, "524": 1}
    assert (stats["requests"], stats["requests_by_status"]) == (3, {"200": 2, "400": 1})


def test_the_request_log(api: httpx.Client, upload: Any, profile: Any, emulator: RunningEmulator) -> None:
    upload(profile(), profile(Email="x"))
    api.get("/1/profile.json?identity=nobody")
    post(emulator.url + "/1/upload", json={})
    first, second, third = emulator.requests()
    assert first["received_at"] <= second["received_at"]
    assert first["body_bytes"] > 50
    assert 0 < first["seconds"] < 600
    assert [one["id"] - first["id"] for one in (first, second, third)] == [0, 1, 2]
    chosen = ("method", "path", "status", "result", "records", "accepted", "refused", "in_flight", "stored")
    assert [first[name] for name in chosen] == ["POST", "/1/upload", 200, "partial", 2, 1, 1, 1, True]
    assert [second[name] for name in chosen] == ["GET", "/1/profile.json", 404, "fail", 0, 0, 0, 1, False]
    assert (third["status"], third["result"]) == (401, "Account ID is not valid")
    assert emulator.requests("/1/profile.json") == [second]


def test_rejected_records_are_listed_with_code_reason_and_record(
    upload: Any, profile: Any, emulator: RunningEmulator
) -> None:
    upload(profile("a"), profile("b", Email="x"))
    (refused,) = emulator.refused("b")
    assert (refused["record_number"], refused["kind"], refused["code"]) == (2, "profile", 515)
    assert refused["error"] == "Profile data is incorrect. Email is not valid."
    assert refused["record"] == profile("b", Email="x")
    assert emulator.refused("a") == []


@pytest.mark.parametrize(
    "name", ["profiles", "events", "tokens", "subscriptions", "refused", "error_stream", "requests"]
)
def test_lists_over_http_in_pages(
    api: httpx.Client,
    upload: Any,
    subscribe: Any,
    profile: Any,
    event: Any,
    token: Any,
    subscription: Any,
    emulator: RunningEmulator,
    name: str,
) -> None:
    emulator.change_settings(strictness="keep" if name == "subscriptions" else "late")
    for number in range(5):
        key = f"k-{number}"
        if name == "subscriptions":
            subscribe(subscription(key))
        upload(profile(key, **{"a.b": 1}), {**event(), "identity": key}, token(key), profile(key, Age="x"))
    everything = getattr(emulator, name)()
    assert len(everything) == 5
    page = api.get(f"/admin/{name}", params={"limit": 2, "offset": 1}).json()
    assert page == {"items": everything[1:3], "total": 5}
    newest = api.get(f"/admin/{name}", params={"newest": 1}).json()
    assert newest == {"items": everything[::-1], "total": 5}
    only = api.get(f"/admin/{name}", params={"only": "/1/upload" if name == "requests" else "k-3"}).json()
    assert only["items"] == (everything if name == "requests" else [everything[3]])
    assert api.get(f"/admin/{name}", params={"limit": "many"}).status_code == 400


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**40, "9" * 5_000, "1e3", "0x10", "", "\u00b2"])
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_numbers_beyond_64_bits_get_400(api: httpx.Client, name: str, number: object) -> None:
    refused = api.get("/admin/profiles", params={name: str(number)})
    assert (refused.status_code, list(refused.json())) == (400, ["error"])
    assert str(2**63 - 1) in refused.json()["error"]


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63) + 1, "+5", " 7 ", "1_000"])
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_numbers_of_64_bits_are_accepted(api: httpx.Client, name: str, number: object) -> None:
    assert api.get("/admin/profiles", params={name: str(number)}).json() == {"items": [], "total": 0}


@pytest.mark.parametrize("number", [2**63, 2**64, 10**40])
@pytest.mark.parametrize(
    "setting",
    ["max_in_flight", "max_in_flight_other", "max_event_properties", "max_custom_attributes", "max_event_types"],
)
def test_settings_beyond_64_bits_get_400(api: httpx.Client, setting: str, number: int) -> None:
    before = api.get("/admin/settings").json()
    assert api.post("/admin/settings", json={setting: number}).status_code == 400
    assert api.get("/admin/settings").json() == before


@pytest.mark.parametrize("number", [2**63, 2**64, 10**40, -(10**40)])
@pytest.mark.parametrize(
    "name",
    ["larger_than", "more_than", "skip", "every", "seed", "times", "retry_after", "processed", "records", "size"],
)
def test_faults_with_numbers_beyond_64_bits_get_400(api: httpx.Client, name: str, number: int) -> None:
    kinds = {"retry_after": "status", "processed": "wrong_counts", "records": "fail_records", "size": "huge_body"}
    rule: dict[str, Any] = {"do": kinds.get(name, "reset"), name: [number] if name == "records" else number}
    if rule["do"] == "status":
        rule["status"] = 500
    refused = api.post("/admin/faults", json=[rule])
    assert (refused.status_code, list(refused.json())) == (400, ["error"])
    assert api.get("/admin/faults").json() == []


@pytest.mark.parametrize("only", ["%ff", "%00", "%ed%a0%80", "%F0%9F%98%80", ""])
def test_any_filter_has_an_answer(emulator: RunningEmulator, only: str) -> None:
    for name in ("profiles", "events", "tokens", "refused", "error_stream", "requests"):
        assert get(f"{emulator.url}/admin/{name}?only={only}").json() == {"items": [], "total": 0}


def test_unknown_lists_are_not_found(api: httpx.Client) -> None:
    assert api.get("/admin/passcodes").status_code == 404


def test_settings(api: httpx.Client, emulator: RunningEmulator, code_of: Any, profile: Any) -> None:
    shown = api.get("/admin/settings").json()
    assert (shown["max_in_flight"], shown["max_in_flight_other"], shown["strictness"]) == (15, 3, "late")
    assert emulator.passcode not in str(shown)
    changed = api.post("/admin/settings", json={"strictness": "refuse", "max_in_flight": 3})
    assert changed.json() == {**shown, "strictness": "refuse", "max_in_flight": 3}
    assert code_of(profile(**{"a.b": 1})) == 512
    for wrong in ({"max_in_flight": 0}, {"max_in_flights": 5}, {"strictness": "odd"}, []):
        refused = api.post("/admin/settings", json=wrong)
        assert (refused.status_code, list(refused.json())) == (400, ["error"])
    assert api.get("/admin/settings").json() == changed.json()


def test_reset_deletes_what_arrived_but_not_the_settings(
    api: httpx.Client, upload: Any, profile: Any, event: Any, token: Any, emulator: RunningEmulator
) -> None:
    emulator.set_max_in_flight(7)
    emulator.inject({"do": "delay", "seconds": 0})
    upload(profile(), event(), token(), profile(Age="x"), profile(**{"a.b": 1}))
    assert api.post("/admin/reset").json()["received"] == 0
    for name in ("profiles", "events", "tokens", "refused", "error_stream", "requests", "faults"):
        assert getattr(emulator, name)() == []
    assert api.get("/admin/settings").json()["max_in_flight"] == 7
    upload(profile("c-1", Name="Asha"), event())
    assert (len(emulator.profiles()), len(emulator.events())) == (1, 1)


@pytest.mark.parametrize("path", ["/", "/admin/stats", "/admin/profiles"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_requests_of_other_sites_get_403(emulator: RunningEmulator, path: str, headers: dict[str, str]) -> None:
    assert get(emulator.url + path).status_code == 200
    assert get(emulator.url + path, headers=headers).status_code == 403


def test_another_site_cannot_reset(emulator: RunningEmulator, upload: Any, profile: Any) -> None:
    upload(profile())
    refused = post(emulator.url + "/admin/reset", headers={"Origin": "http://localhost:3000"})
    assert refused.status_code == 403
    assert emulator.profiles()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.5", False),
        ("::", False),
        ("::ffff:10.0.0.5", False),
        ("localhost.evil.example", False),
        ("", False),
        (None, False),
    ],
)
def test_is_loopback(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected
