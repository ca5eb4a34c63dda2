"""The tables of record kinds and routes: one entry adds a kind, one a path, and each list has a section of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from httpx import delete

from airflow_provider_clevertap.emulator.http import routes
from airflow_provider_clevertap.emulator.http.calls import Call, Route
from airflow_provider_clevertap.emulator.kinds import KINDS, EmulatedKind
from airflow_provider_clevertap.emulator.replies import Reply, json_reply
from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter
from airflow_provider_clevertap.emulator.storage.listings import TOKENS
from airflow_provider_clevertap.emulator.storage.queries import LISTS
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.emulator.validation.common import Key, RecordRejected, ValidationContext
from tests.integration.emulator.conftest import credentials
from tests.support.http_requests import TIMEOUT, get, post


class Beacon(NamedTuple):
    """A record of a kind that CleverTap does not have."""

    name: str

    @property
    def profile_keys(self) -> tuple[Key, ...]:
        return ()


def read_beacon(context: ValidationContext, record: dict[str, Any]) -> Beacon:
    if "name" not in record:
        raise RecordRejected(535, "a beacon needs a name")
    return Beacon(record["name"])


def write_beacon(batch: BatchWriter, record: Beacon) -> None:
    batch.add_row("INSERT INTO tokens VALUES (?, 'fcm', 'beacon', NULL, ?, 1)", (record.name, batch.now))


BEACON = EmulatedKind("beacon", read_beacon, write_beacon, TOKENS, max_per_request=2)


def test_a_kind_is_one_entry(upload: Any, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "beacon", BEACON)
    answer = upload({"type": "beacon", "name": "door"}, {"type": "beacon"})
    assert (answer["status"], answer["unprocessed"][0]["code"]) == ("partial", 535)
    assert [token["object_id"] for token in emulator.tokens()] == ["door"]
    assert emulator.stats()["kinds"]["beacon"] == {"received": 2, "accepted": 1, "refused": 1}


def test_a_kind_may_have_a_maximum_per_request(api: Any, emulator: RunningEmulator, monkeypatch: Any) -> None:
    monkeypatch.setitem(KINDS, "beacon", BEACON)
    records = [{"type": "beacon", "name": str(number)} for number in range(3)]
    assert api.post("/1/upload", json={"d": records}).status_code == 400
    assert api.post("/1/upload", json={"d": records[:2]}).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_a_table_and_a_section_of_the_page(emulator: RunningEmulator, name: str) -> None:
    assert get(f"{emulator.url}/admin/{name}").json() == {"items": [], "total": 0}
    assert f'<h2 id="{name}">' in get(emulator.url).text


async def answer_beacons(call: Call) -> Reply:
    return await call.account.receive(call.entry, call.path, call.body, call.fault)


async def answer_greeting(call: Call) -> Reply:
    return json_reply(200, {"status": "success", "name": call.parameters["name"], **call.query})


def test_a_path_and_its_kind_are_one_entry_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "beacon", replace(BEACON, path="/v2/beacons"))
    monkeypatch.setattr(routes, "ROUTES", [*routes.ROUTES, Route("POST", "/v2/beacons", answer_beacons)])
    with RunningEmulator() as emulator:
        emulator.inject({"do": "fail_records", "kind": "beacon", "records": [2]})
        records = [{"type": "token", "name": "door"}, {"name": "gate"}]
        answer = post(f"{emulator.url}/v2/beacons", headers=credentials(emulator), json={"d": records})
        assert (answer.json()["processed"], answer.json()["unprocessed"][0]["code"]) == (1, 555)
        assert emulator.stats()["kinds"]["beacon"] == {"received": 2, "accepted": 1, "refused": 1}
        assert emulator.stats()["paths"]["/v2/beacons"] == {"in_flight": 0, "peak": 1}
        upload = post(f"{emulator.url}/1/upload", headers=credentials(emulator), json={"d": [{"type": "beacon"}]})
        assert upload.json()["unprocessed"][0]["code"] == 524


def test_paths_outside_1_have_credentials_limits_faults_and_a_log_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    added = [Route(method, "/get/{name}", answer_greeting) for method in ("GET", "POST")]
    monkeypatch.setattr(routes, "ROUTES", [*routes.ROUTES, *added])
    with RunningEmulator() as emulator:
        url, headers = f"{emulator.url}/get/a%20b?page=2", credentials(emulator)
        for request in (get, post):
            answer = request(url, headers=headers)
            assert answer.json() == {"status": "success", "name": "a b", "page": "2"}
        assert delete(url, headers=headers, timeout=TIMEOUT).status_code == 405
        assert get(url).status_code == 401
        emulator.inject({"do": "status", "status": 503, "path": "/get/", "times": 1}, {"do": "wrong_counts"})
        assert [get(url, headers=headers).status_code for _ in range(2)] == [503, 200]
        assert emulator.stats()["paths"] == {"/get/{name}": {"in_flight": 0, "peak": 1}}
        assert [one["path"] for one in emulator.requests()] == ["/get/a b"] * 6
        assert get(f"{emulator.url}/nothing").status_code == 404
