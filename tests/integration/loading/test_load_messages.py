"""Messages of customer data platforms become profiles, events and device tokens."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CannotResumeError, ConfigurationError, MappingError, SourceError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, RecordKind, events, profiles
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.broken_loads import MakeLoad, arrived, interrupt
from tests.support.plain_rows import QUICK

TIME = "2026-11-20T10:00:00.123Z"
SECONDS = 1795168800

LoadMessages = Callable[..., dict[str, Any]]


def track(event: Any = "Song Played", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "event": event, "timestamp": TIME, **fields}


def page(**fields: Any) -> dict[str, Any]:
    return {"type": "page", "userId": "u1", "timestamp": TIME, **fields}


def identify(**fields: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": "u1", "timestamp": TIME, **fields}


@pytest.fixture
def load(emulator: RunningEmulator, client: CleverTapClient, tmp_path: Path) -> Iterator[LoadMessages]:
    emulator.change_settings(event_names="accept", web_page_viewed="accept")

    def run(kind: RecordKind, messages: Any, *, spec: str = "rudderstack", **options: Any) -> dict[str, Any]:
        source = messages
        if isinstance(messages, list):
            source = tmp_path / "messages.json.gz"
            lines = (one if isinstance(one, str) else json.dumps(one) for one in messages)
            source.write_bytes(gzip.compress("\n".join(lines).encode()))
        opened = open_source(source, messages=True)
        settings = {"retries": QUICK, "max_rejects": "100%", "rejects_path": tmp_path / "rejects.jsonl", **options}
        return Load(kind, opened, client, LoadOptions(spec=spec, **settings)).run().to_dict()

    yield run
    emulator.change_settings(event_names="strict", web_page_viewed="refuse")


@pytest.fixture
def event(load: LoadMessages, emulator: RunningEmulator) -> Callable[..., dict[str, Any]]:
    """Return the only event of one message."""

    def of(message: dict[str, Any], **options: Any) -> dict[str, Any]:
        assert load(events(), [message], **options)["accepted"] == 1
        (found,) = emulator.events()
        return found

    return of


@pytest.fixture
def profile(load: LoadMessages, emulator: RunningEmulator) -> Callable[..., dict[str, Any]]:
    """Return the only profile of one message."""

    def of(message: dict[str, Any], **options: Any) -> dict[str, Any]:
        assert load(profiles(), [message], **options)["accepted"] == 1
        (found,) = emulator.profiles()
        return found

    return of


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


def test_a_track_keeps_its_time_and_properties(event: Any) -> None:
    found = event(track(properties={"n": 1, "nested": {"a": [1]}, "none": None, "identity": "x", "items": [1]}))
    assert (found["name"], found["identity"], found["ts"]) == ("Song Played", "u1", SECONDS)
    assert found["data"] == {"n": 1, "nested": '{"a":[1]}', "identity": "x", "items": "[1]"}


def test_the_ts_of_the_properties_wins_and_stays(event: Any) -> None:
    found = event(track(properties={"ts": "2026-11-19T00:00:00Z"}))
    assert (found["ts"], found["data"]) == (1795046400, {"ts": "2026-11-19T00:00:00Z"})


@pytest.mark.parametrize(
    ("message", "options", "name"),
    [
        (page(name="Home"), {}, "Web Page Viewed: Home"),
        (page(properties={"name": "Cart"}), {}, "Web Page Viewed: Cart"),
        (page(), {}, "Web Page Viewed"),
        (page(properties={"path": "/q"}), {"page_name": "Web Page Viewed: {path}"}, "Web Page Viewed: /q"),
        (page(type="screen", name="Main"), {}, "Screen Viewed: Main"),
        (page(type="screen"), {}, "Screen Viewed"),
        (page(type="screen", name="Main"), {"spec": "segment"}, "App Screen Viewed"),
        (page(type="screen", name="Main"), {"screen_name": "Screen {name}"}, "Screen Main"),
        (page(event="Order Completed"), {}, "Charged"),
        (track("ORDER completed"), {}, "Charged"),
    ],
)
def test_names_of_events(event: Any, message: dict[str, Any], options: dict[str, Any], name: str) -> None:
    assert event(message, **options)["name"] == name


def test_a_page_without_a_name_is_warned_of(load: LoadMessages, caplog: pytest.LogCaptureFixture) -> None:
    load(events(), [page()])
    assert 'page_name="Web Page Viewed: {path}"' in caplog.text


ORDER = {"revenue": 12.5, "currency": "INR", "products": [{"sku": "s", "price": 3, "size": {"eu": 4}}], "ts": SECONDS}


@pytest.mark.parametrize(
    ("ids", "strict", "data"),
    [
        ({"checkout_id": "c", "order_id": "o"}, False, {"Charged ID": "c", "order_id": "o"}),
        ({"order_id": "o"}, False, {"Charged ID": "o", "order_id": "o"}),
        ({"order_id": "o"}, True, {"order_id": "o"}),
    ],
)
def test_a_completed_order(event: Any, ids: dict[str, Any], strict: bool, data: dict[str, Any]) -> None:
    found = event(track("Order Completed", properties={**ids, **ORDER}), strict=strict)
    items = found["data"].pop("Items")
    assert found["data"] == {**data, "Amount": 12.5, "currency": "INR"}
    assert items == [{"sku": "s", "price": 3} | ({} if strict else {"size": '{"eu":4}'})]


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


def test_columns_win_over_the_spec(event: Any) -> None:
    message = track(properties={"total": "7", "debug": 1, "other": 2}, context={"ip": "10.0.0.1"})
    columns = {
        "properties.total": Column("Total", type="integer"),
        "properties.debug": None,
        "context.ip": "IP",
    }
    assert event(message, columns=columns)["data"] == {"Total": 7, "IP": "10.0.0.1", "other": 2}


def test_unmapped_is_about_properties(event: Any) -> None:
    found = event(track(properties={"a": 1, "b": 2}), columns={"properties.a": "A"}, unmapped="ignore")
    assert found["data"] == {"A": 1}


def test_unmapped_error_names_the_path(load: LoadMessages) -> None:
    with pytest.raises(MappingError, match=r"properties\.b"):
        load(events(), [track(properties={"b": 2})], unmapped="error")


def test_forbidden_characters_become_blanks_with_a_warning(event: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert event(track(properties={"a.b": 1}))["data"] == {"a b": 1}
    assert "'a.b'" in caplog.text


TABLES = [
    (events(), "tracks", {"event": ["song_played"], "event_text": ["Song Played"], "title": ["x"]}, "Song Played"),
    (events(), "pages", {"name": ["Home"], "path": ["/"]}, "Web Page Viewed: Home"),
    (events(), "screens", {"name": ["Main"]}, "Screen Viewed: Main"),
]


@pytest.mark.parametrize(("kind", "table", "columns", "name"), TABLES, ids=[one[1] for one in TABLES])
def test_tables_of_events(
    load: LoadMessages, emulator: RunningEmulator, kind: RecordKind, table: str, columns: Any, name: str
) -> None:
    times = pd.to_datetime([TIME])
    rows = {"id": ["m1"], "user_id": ["u1"], "timestamp": times, "received_at": times, "context_os_name": ["iOS"]}
    assert load(kind, pd.DataFrame({**rows, **columns}))["accepted"] == 1, table
    (found,) = emulator.events()
    assert (found["name"], found["key"], found["ts"]) == (name, "u1", SECONDS)
    assert not {"id", "received_at", "context_os_name", "event", "event_text"} & found["data"].keys()


def test_tables_of_people(load: LoadMessages, emulator: RunningEmulator) -> None:
    times = pd.to_datetime([TIME])
    users = {
        "id": ["u1"],
        "received_at": times,
        "email": ["a@example.com"],
        "first_name": ["A"],
        "customer_type": ["G"],
    }
    assert load(profiles(), pd.DataFrame(users))["accepted"] == 1
    assert emulator.profile("u1")["data"] == {"Email": "a@example.com", "Name": "A", "Customer Type": "G"}


def test_rows_of_something_else_are_an_error(load: LoadMessages) -> None:
    with pytest.raises(SourceError, match="no messages of RudderStack"):
        load(profiles(), pd.DataFrame({"name": ["x"], "total": [1]}))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (DEVICE_TOKENS, {"use_object_id": False}),
        (events(), {"profile_columns": ["x"]}),
        (events(), {"page_name": "{"}),
        (events(), {"spec": "mparticle"}),
    ],
)
def test_options_that_do_not_fit(load: LoadMessages, kind: RecordKind, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        load(kind, [track()], **options)


def test_options_of_a_spec_need_one() -> None:
    with pytest.raises(ConfigurationError, match="strict needs spec"):
        LoadOptions(strict=True)


@pytest.mark.parametrize(
    "columns",
    [
        {"name": ["Home"]},
        {"name": ["Main"], "context_os_name": ["iOS"], "context_user_agent": ["Mozilla"]},
        {"email": ["a@example.com"]},
        {"product": ["x"], "path": ["/"]},
        {"previous_url": ["x"]},
    ],
    ids=" ".join,
)
def test_a_table_that_may_be_several_things_is_an_error(load: LoadMessages, columns: dict[str, Any]) -> None:
    common = {"id": ["m1"], "user_id": ["u1"], "timestamp": [TIME]}
    with pytest.raises(SourceError, match="Add a column named type"):
        load(events(), pd.DataFrame({**common, **columns}))


def test_a_column_type_may_be_a_property(load: LoadMessages, emulator: RunningEmulator) -> None:
    shoes = {"id": ["m1"], "user_id": ["u1"], "timestamp": [TIME], "event": ["bought"], "type": ["shoes"]}
    assert load(events(), pd.DataFrame(shoes))["accepted"] == 1
    assert emulator.events()[0]["data"] == {"type": "shoes"}


def test_a_file_may_be_named_like_a_table(load: LoadMessages, emulator: RunningEmulator, tmp_path: Path) -> None:
    path = tmp_path / "screens.csv"
    path.write_text(f"id,user_id,name,timestamp\nm1,u1,Main,{TIME}\n")
    assert load(events(), path)["accepted"] == 1
    assert emulator.events()[0]["name"] == "Screen Viewed: Main"


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


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2026-11-20T15:30:00+05:30", SECONDS),
        ("2026-11-20T10:00:00.123456789Z", SECONDS),
        ("2026-11-20 10:00:00", SECONDS),
        (SECONDS, SECONDS),
        (SECONDS * 1000 + 123, SECONDS),
        (str(SECONDS), SECONDS),
    ],
)
def test_times_of_several_forms(event: Any, time: Any, seconds: int) -> None:
    assert event(track(timestamp=time))["ts"] == seconds


@pytest.mark.parametrize("time", ["yesterday", {"a": 1}, True, -5, "20 Nov"])
def test_a_time_that_cannot_be_read_is_invalid(load: LoadMessages, time: Any) -> None:
    assert load(events(), [track(timestamp=time)])["invalid"] == 1


@pytest.mark.parametrize("strict", [False, True])
def test_the_platforms_spelling_of_a_trait_wins(profile: Any, strict: bool) -> None:
    traits = {"email": "asha@example.com", "Email": "other@example.com", "Phone": "+919876543210"}
    data = profile(identify(traits=traits), strict=strict)["data"]
    assert data == {"Email": "asha@example.com", "Phone": "+919876543210"}


def test_values_in_names_are_written_as_the_platforms_do(event: Any) -> None:
    assert event(page(name=5.0, properties={"new": True}), page_name="{name} {new}")["name"] == "5 true"


def test_orders_and_other_events_share_their_properties(load: LoadMessages, emulator: RunningEmulator) -> None:
    viewed = track(properties={"revenue": 1, "products": [{"a": 1}], "order_id": "o", "ts": SECONDS})
    ordered = track("Order Completed", properties={"revenue": 2.5, "products": [{"a": 1.5, "b": "x"}], "order_id": "p"})
    assert load(events(), [viewed, ordered])["accepted"] == 2
    assert [(one["name"], one["data"]) for one in emulator.events()] == [
        ("Song Played", {"revenue": 1, "products": '[{"a":1}]', "order_id": "o", "ts": SECONDS}),
        ("Charged", {"Charged ID": "p", "Amount": 2.5, "Items": [{"a": 1.5, "b": "x"}], "order_id": "p"}),
    ]


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


def test_strict_sets_a_trait_with_a_dot_by_its_path(profile: Any) -> None:
    data = profile(identify(traits={"a.b": 1, "a.c": 2, "plan": "x"}), strict=True)["data"]
    assert data == {"a": '{"b":1,"c":2}', "plan": "x"}
