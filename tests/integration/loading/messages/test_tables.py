"""Tables of a warehouse whose rows are messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.record_kinds import RecordKind, events, profiles
from tests.support.messages_of_platforms import SECONDS, TIME, LoadMessages

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
    with pytest.raises(SourceError, match="not messages of RudderStack"):
        load(profiles(), pd.DataFrame({"name": ["x"], "total": [1]}))


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
