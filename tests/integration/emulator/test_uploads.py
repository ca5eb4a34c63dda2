"""Answers to uploads: credentials, status, record numbers, bodies rejected as a whole, dry runs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.http_requests import get, post


def test_a_wrong_account_id_and_a_wrong_passcode_have_different_errors(emulator: RunningEmulator, profile: Any) -> None:
    def answer(account_id: str, passcode: str) -> Any:
        headers = {"X-CleverTap-Account-Id": account_id, "X-CleverTap-Passcode": passcode}
        response = post(emulator.url + "/1/upload", headers=headers, json={"d": [profile()]})
        return response.status_code, response.json()

    bad_account = {"status": "fail", "error": "Account ID is not valid", "code": 401}
    bad_passcode = {"status": "fail", "error": "Invalid Credentials", "code": 401}
    assert answer("OTHER", emulator.passcode) == (401, bad_account)
    assert answer(emulator.account_id, "other") == (401, bad_passcode)
    assert answer(emulator.account_id, "") == (401, bad_passcode)
    assert get(emulator.url + "/1/profile.json?identity=x").json() == bad_account
    assert emulator.profiles() == []


def test_success_partial_and_fail_are_all_http_200(upload: Any, profile: Any) -> None:
    good, bad = profile("a", Name="Asha"), profile("b", Email="1234")
    assert upload(good) == {"status": "success", "processed": 1, "unprocessed": []}
    entry = {
        "status": "fail",
        "code": 515,
        "error": "Profile data is incorrect. Email is not valid.Skipped record number : 2",
        "record": bad,
    }
    assert upload(good, bad) == {"status": "partial", "processed": 1, "unprocessed": [entry]}
    all_bad = upload(bad, bad)
    assert (all_bad["status"], all_bad["processed"], len(all_bad["unprocessed"])) == ("fail", 0, 2)


def test_record_numbers_count_from_one_in_the_batch(upload: Any, profile: Any, emulator: RunningEmulator) -> None:
    batch = [profile(f"c-{n}", Age="x" if n % 7 == 0 else 30) for n in range(1, 101)]
    answer = upload(*batch)
    numbers = [int(one["error"].rpartition(":")[2]) for one in answer["unprocessed"]]
    assert numbers == list(range(7, 101, 7))
    assert [one["record_number"] for one in emulator.refused()] == numbers
    assert answer["processed"] == 100 - len(numbers) == len(emulator.profiles())


def test_some_messages_have_a_blank_before_the_record_number_and_some_have_none(upload: Any, profile: Any) -> None:
    answer = upload({**profile(), "ts": 0}, profile(Phone="223"))
    first, second = (one["error"] for one in answer["unprocessed"])
    assert first == "Timestamp should be present in the Unix Epoch format. Skipped record number : 1"
    assert second == "Profile data is incorrect. Phone number is not valid.Skipped record number : 2"


def test_a_number_as_identity_is_shown_as_text(upload: Any, profile: Any) -> None:
    assert upload(profile(13, Email="x"))["unprocessed"][0]["record"]["identity"] == "13"


def test_profiles_events_and_tokens_share_a_batch(
    upload: Any, profile: Any, event: Any, token: Any, emulator: RunningEmulator
) -> None:
    assert upload(profile(), event(), token(), event("App Launched"))["status"] == "partial"
    assert emulator.stats()["stored"] == {"profiles": 1, "events": 1, "tokens": 1, "subscriptions": 0}
    assert emulator.stats()["kinds"]["event"] == {"received": 2, "accepted": 1, "refused": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"d":{}}',
        b'{"d":[]}',
        b'{"d":[{"type":"profile","identity":"a","profileData":{"x":NaN}}]}',
        b'{"d":[{"type":"profile","identity":"a","profileData":{"x":Infinity}}]}',
        b'{"d":[{"type":"profile","identity":"a","profileData":{}}]} // comment',
        b"{'d': [{'type': 'profile'}]}",
        b'{"d":["\xff"]}',
        b'\xef\xbb\xbf{"d":[{"type":"profile","identity":"a","profileData":{}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_with_records_is_malformed(api: httpx.Client, body: bytes, emulator: RunningEmulator) -> None:
    answer = api.post("/1/upload", content=body)
    assert answer.status_code == 400
    assert answer.json() == {"status": "fail", "error": "Malformed request", "code": 400}
    assert emulator.profiles() == []


@pytest.mark.parametrize(("compressed", "status"), [("malformed", 400), ("unsupported", 415), ("accept", 200)], ids=str)
def test_a_compressed_body_is_rejected_unless_a_setting_accepts_it(
    compressed: str, status: int, api: httpx.Client, emulator: RunningEmulator
) -> None:
    import gzip

    if compressed != "malformed":
        emulator.change_settings(compressed=compressed)
    import json

    body = gzip.compress(json.dumps({"d": [{"type": "profile", "identity": "a", "profileData": {}}]}).encode())
    assert api.post("/1/upload", content=body, headers={"Content-Encoding": "gzip"}).status_code == status
    assert [profile["identity"] for profile in emulator.profiles()] == (["a"] if status == 200 else [])


def test_bodies_that_are_not_gzip_are_rejected_where_gzip_is_accepted(
    api: httpx.Client, emulator: RunningEmulator
) -> None:
    import zlib

    emulator.change_settings(compressed="accept")
    bomb = zlib.compressobj(9, wbits=31)
    bytes_of_bomb = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(300)) + bomb.flush()
    for coding, body, status in (("gzip", b'{"d":[]}', 400), ("br", b"...", 415), ("gzip", bytes_of_bomb, 413)):
        assert api.post("/1/upload", content=body, headers={"Content-Encoding": coding}).status_code == status


def test_batches_above_the_maximum_are_rejected_as_a_whole(
    api: httpx.Client, upload: Any, profile: Any, event: Any, token: Any, emulator: RunningEmulator
) -> None:
    for maximum, record in ((1000, profile()), (1000, event()), (100, token())):
        assert upload(*[record] * maximum)["processed"] == maximum
        answer = api.post("/1/upload", json={"d": [record] * (maximum + 1)})
        assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert api.post("/1/upload", json={"d": [profile()] * 600 + [event()] * 401}).status_code == 400
    assert len(emulator.events()) == 1000


def test_a_dry_run_validates_and_stores_nothing(
    upload: Any, profile: Any, event: Any, token: Any, emulator: RunningEmulator
) -> None:
    batch = [profile(), event(), token(), profile(Email="x"), profile(**{"a.b": "x"})]
    dry_run = upload(*batch, dryRun="1")
    assert set(emulator.stats()["stored"].values()) == {0}
    assert (emulator.refused(), emulator.error_stream(), emulator.stats()["received"]) == ([], [], 0)
    assert emulator.requests()[0]["dry_run"]
    assert upload(*batch, dryRun="0") == dry_run
    assert emulator.stats()["stored"] == {"profiles": 1, "events": 1, "tokens": 1, "subscriptions": 0}


def test_unknown_paths_and_methods(api: httpx.Client, emulator: RunningEmulator) -> None:
    assert api.get("/1/upload").json() == {"status": "fail", "error": "Method Not Allowed", "code": 405}
    assert api.post("/1/nothing.json").json() == {"status": "fail", "error": "Not Found", "code": 404}
    assert [one["status"] for one in emulator.requests()] == [405, 404]


def test_one_profile_is_found_by_each_of_its_keys(
    api: httpx.Client, upload: Any, event: Any, token: Any, emulator: RunningEmulator
) -> None:
    data = {"Name": "Asha", "Email": "asha@example.com", "identity": "c-1"}
    upload({"type": "profile", "objectId": "dev-1", "profileData": data})
    upload(event("Charged", ts=100), event("charged", ts=90), event(ts=95), token("dev-1"))
    expected = {
        "status": "success",
        "record": {
            "identity": "c-1",
            "email": "asha@example.com",
            "name": "Asha",
            "profileData": {"Name": "Asha", "Email": "asha@example.com"},
            "events": {
                "Charged": {"count": 2, "first_seen": 90, "last_seen": 100},
                "Product Viewed": {"count": 1, "first_seen": 95, "last_seen": 95},
            },
            "platformInfo": [{"platform": "Android", "objectId": "dev-1", "push_token": "token-1"}],
        },
    }
    for query in ({"identity": "c-1"}, {"objectId": "dev-1"}, {"email": "asha@example.com"}):
        answer = api.get("/1/profile.json", params=query)
        assert (answer.status_code, answer.json()) == (200, expected)


def test_an_unknown_profile_is_404_and_an_ambiguous_query_400(api: httpx.Client) -> None:
    unknown = api.get("/1/profile.json?identity=nobody")
    assert (unknown.status_code, unknown.json()["status"], unknown.json()["code"]) == (404, "fail", 404)
    assert api.get("/1/profile.json").status_code == 400
    assert api.get("/1/profile.json?identity=a&email=b").status_code == 400


def test_a_database_file_is_read_again_at_the_next_start(tmp_path: Any) -> None:
    file = str(tmp_path / "emulator.db")
    record = {"type": "event", "identity": "c-1", "evtName": "Viewed", "evtData": {}}
    for expected in (1, 2):
        with RunningEmulator(database=file) as emulator:
            headers = {"X-CleverTap-Account-Id": emulator.account_id, "X-CleverTap-Passcode": emulator.passcode}
            post(emulator.url + "/1/upload", headers=headers, json={"d": [record]}).raise_for_status()
            assert emulator.stats()["kinds"]["event"]["accepted"] == len(emulator.events()) == expected
            assert len(emulator.profiles()) == 1
            assert [one["id"] for one in emulator.requests()] == list(range(1, expected + 1))
