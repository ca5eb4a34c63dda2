"""The table of record kinds: one entry adds a kind, and each list has a table and a section of the page."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from airflow_provider_clevertap.emulator.kinds import KINDS, EmulatedKind
from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter
from airflow_provider_clevertap.emulator.storage.listings import TOKENS
from airflow_provider_clevertap.emulator.storage.queries import LISTS
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.emulator.validation.common import Key, RecordRejected, ValidationContext
from tests.support.http_requests import get


class Beacon(NamedTuple):
    """A record of a kind that CleverTap does not have."""

    name: str

    @property
    def key(self) -> Key | None:
        return None


def read_beacon(context: ValidationContext, record: dict[str, Any]) -> Beacon:
    if "name" not in record:
        raise RecordRejected(535, "a beacon needs a name")
    return Beacon(record["name"])


def write_beacon(batch: BatchWriter, record: Beacon) -> None:
    batch.add_row("INSERT INTO tokens VALUES (?, 'fcm', 'beacon', NULL, ?, 1)", (record.name, batch.now))


def test_a_kind_is_one_entry(upload: Any, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "beacon", EmulatedKind("beacon", read_beacon, write_beacon, TOKENS, max_per_upload=2))
    answer = upload({"type": "beacon", "name": "door"}, {"type": "beacon"})
    assert (answer["status"], answer["unprocessed"][0]["code"]) == ("partial", 535)
    assert [token["object_id"] for token in emulator.tokens()] == ["door"]
    assert emulator.stats()["kinds"]["beacon"] == {"received": 2, "accepted": 1, "refused": 1}


def test_a_kind_may_have_a_maximum_per_upload(api: Any, emulator: RunningEmulator, monkeypatch: Any) -> None:
    monkeypatch.setitem(KINDS, "beacon", EmulatedKind("beacon", read_beacon, write_beacon, TOKENS, max_per_upload=2))
    records = [{"type": "beacon", "name": str(number)} for number in range(3)]
    assert api.post("/1/upload", json={"d": records}).status_code == 400
    assert api.post("/1/upload", json={"d": records[:2]}).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_a_table_and_a_section_of_the_page(emulator: RunningEmulator, name: str) -> None:
    assert get(f"{emulator.url}/admin/{name}").json() == {"items": [], "total": 0}
    assert f'<h2 id="{name}">' in get(emulator.url).text
