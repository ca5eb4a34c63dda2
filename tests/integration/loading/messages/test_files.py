"""Files of messages: which of them are sent, which are skipped, which are invalid."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CannotResumeError, SourceError
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, RecordKind, events, profiles
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.broken_loads import MakeLoad, arrived, interrupt
from tests.support.messages_of_platforms import TIME, LoadMessages, identify, page, track

ONE_FILE = [
    identify(anonymousId="a1", context={"device": {"token": "t1"}, "os": {"name": "Android"}}),
    {"type": "alias", "userId": "u2", "previousId": "u0", "timestamp": TIME},
    track(),
    page(name="Home"),
    {"type": "screen", "userId": "u1", "name": "Main", "timestamp": TIME},
    {"type": "group", "userId": "u1", "groupId": "g"},
]


@pytest.mark.parametrize(("kind", "accepted"), [(profiles(), 2), (events(), 3), (DEVICE_TOKENS, 1)])
def test_one_file_feeds_all_three_kinds(load: LoadMessages, kind: RecordKind, accepted: int) -> None:
    summary = load(kind, ONE_FILE)
    assert (summary["accepted"], summary["skipped"], summary["invalid"]) == (accepted, 6 - accepted, 0)
    assert sum(reason["rows"] for reason in summary["reasons"]) == 6 - accepted


@pytest.mark.parametrize(
    ("integrations", "accepted"),
    [
        ({"All": True}, 1),
        ({"All": False}, 0),
        ({"CleverTap": False}, 0),
        ({"All": False, "CleverTap": True}, 1),
        ({"All": False, "CleverTap": {"x": 1}}, 1),
    ],
)
def test_integrations_opt_a_message_out(load: LoadMessages, integrations: Any, accepted: int) -> None:
    summary = load(events(), [track(integrations=integrations)])
    assert (summary["accepted"], summary["skipped"]) == (accepted, 1 - accepted)


def test_a_repeated_message_is_sent_once(load: LoadMessages, emulator: RunningEmulator) -> None:
    summary = load(events(), [track(messageId="m1"), track(messageId="m2"), track(messageId="m1")])
    assert (summary["accepted"], summary["skipped"], len(emulator.events())) == (2, 1, 2)


def test_lines_that_are_no_message_keep_their_text(load: LoadMessages, tmp_path: Path) -> None:
    summary = load(events(), [track(), "not json", {"x": 1}, {"type": "wat", "a": {"b": 1}}, track(event=None)])
    assert (summary["accepted"], summary["invalid"]) == (1, 4)
    rejects = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [one["clevertap_row"] for one in rejects] == [2, 3, 4, 5]
    assert rejects[2]["a"] == {"b": 1}
    assert rejects[3]["timestamp"] == TIME


@pytest.mark.parametrize("choice", [
    {"CleverTap": "false"}, {"All": "false"}, {"All": False, "CleverTap": None}, {"CleverTap (Actions)": False},
    {"all": False}, {"All": True, "clevertap": False}, {"All": 0},
])  # fmt: skip
def test_other_ways_to_opt_a_message_out(load: LoadMessages, choice: Any) -> None:
    assert load(events(), [track(integrations=choice)])["skipped"] == 1


@pytest.mark.parametrize("value", ["text", [1], 5, True])
@pytest.mark.parametrize(
    ("kind", "field", "message"),
    [(events(), "properties", track()), (profiles(), "traits", identify())],
    ids=["properties", "traits"],
)
def test_what_is_no_object_is_not_lost(
    load: LoadMessages, kind: RecordKind, field: str, message: dict[str, Any], value: Any
) -> None:
    summary = load(kind, [message | {field: value}, message])
    assert (summary["accepted"], summary["invalid"]) == (1, 1)
    assert summary["reasons"][0]["reason"] == f"{field} of a message must be an object"


@pytest.mark.parametrize("name", ["m.jsonl", "m.json.gz", "m.gz", "m.ndjson"])
def test_names_of_archives(load: LoadMessages, tmp_path: Path, name: str) -> None:
    text = (json.dumps(track()) + "\n").encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    assert load(events(), str(tmp_path / "m.*"))["accepted"] == 1


@pytest.mark.parametrize("name", ["e.jsonl", "e.gz"])
def test_an_empty_archive_is_an_error(load: LoadMessages, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")
    with pytest.raises(SourceError, match="the file is empty"):
        load(events(), tmp_path / name)


def test_a_long_message_has_an_outcome(load: LoadMessages) -> None:
    long = "x" * 2_000_000
    summary = load(events(), [track(context={"x": long}), track(properties={"x": long})])
    assert (summary["accepted"], summary["invalid"]) == (1, 1)


def test_an_interrupted_load_resumes(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    path = tmp_path / "messages.gz"
    others = [identify(), "no message", track(messageId="m-0"), track(integrations={"All": False})]
    messages = [track(userId=f"u{row}", messageId=f"m-{row}") for row in range(3_000)]
    lines = [
        one if isinstance(one, str) else json.dumps(one) for one in [*messages[:1_500], *others, *messages[1_500:]]
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))

    def load(**options: Any) -> Load:
        source = open_source(path, block_rows=1_000, messages=True)
        return make(source, kind=events(), spec="rudderstack", max_rejects="100%", max_in_flight=1, **options)

    interrupt(load(after=2))
    summary = load().run()
    assert (summary.rows, summary.accepted, summary.invalid, summary.skipped) == (3_004, 3_000, 1, 3)
    assert set(arrived(emulator).values()) == {1}
    assert len(arrived(emulator)) == 3_000
    with pytest.raises(CannotResumeError):
        load(strict=True).run()
