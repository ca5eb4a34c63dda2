"""Files of cloud exports: their names, when a run is complete, and their rows whatever their form."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.exported.cloud.names import event_part, read_name
from airflow_provider_clevertap.exported.cloud.runs import SettledRuns, find_runs, pattern_of, read_day
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CloudExportSource

RUN = 1793500000
EVENT = {
    "profile": {
        "identity": "7", "objectId": "__a1", "all_identities": ["7", "p@example.com"], "platform": "Android",
        "phone": "+911234567890", "name": "P", "email": "p@example.com", "push_token": "tok",
    },
    "ts": 20261101140416, "eventName": "Ticket Bought", "eventProps": {"Id": 9007199254740993, "x": 1.10},
    "deviceInfo": {"make": "Acme"}, "sessionProps": {"utm_source": "x"}, "controlGroupName": "none",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "12-1793500000-Ticket-Bought-20261101-0-22.json",
            ("events", 1793500000, 22, "json", "Ticket-Bought", "20261101"),
        ),
        (
            "12-1793500000-A-20261101-1-2-20261101-3-0.csv.gz",
            ("events", 1793500000, 0, "csv", "A-20261101-1-2", "20261101"),
        ),
        ("12-1793500000-A-20261101-0-0.parquet.gzip", ("events", 1793500000, 0, "parquet", "A", "20261101")),
        ("ABC-DEF-1761651721-1761651721-0.csv.gz", ("profiles", 1761651721, 0, "csv", "", "")),
        ("100000000-1761651721-1761651721-7.parquet", ("profiles", 1761651721, 7, "parquet", "", "")),
        ("_SUCCESS", None),
        ("12-1793500000-A-20261101-0.json", ("profiles", None)),
        ("notes.json", None),
    ],
)
def test_names_are_read_from_the_right(name: str, expected: Any) -> None:
    found = read_name(name)
    if expected is None or expected[1] is None:
        assert found is None or found.kind == "profiles"
    else:
        assert found is not None
        assert (found.kind, found.run, found.database, found.format, found.event, found.day) == expected


def test_names_of_events_in_names_of_files() -> None:
    assert event_part("Größe/Maß Länge\t\x01") == "Größe-Maß-Länge-?"
    assert [read_day(day) for day in (None, date(2026, 11, 1), "2026-11-01", "20261101", datetime(2026, 11, 1, 5))] == [
        None, "20261101", "20261101", "20261101", "20261101",
    ]  # fmt: skip


def file(directory: Path, name: str, content: bytes = b"x", age: float = 7200) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    changed = datetime.now(UTC).timestamp() - age
    os.utime(path, (changed, changed))
    return path


def test_a_run_is_complete_when_its_files_have_not_changed_for_a_while(tmp_path: Path) -> None:
    for database in (0, 1):
        file(tmp_path, f"9-{RUN}-Ticket-Bought-20261101-0-{database}.json")
        file(tmp_path, f"9-{RUN + 1}-Ticket-Bought-20261101-0-{database}.json", age=600)
        file(tmp_path / "sub", f"9-{RUN}-Other-20261101-0-{database}.json")
    file(tmp_path, "notes.txt")
    runs = find_runs(tmp_path, event="Ticket Bought", day="20261101")
    assert [(run.run, len(run.files), run.databases) for run in runs] == [(RUN, 2, 2), (RUN + 1, 2, 2)]
    assert not SettledRuns(1800).are_complete(runs)
    assert SettledRuns(500).are_complete(runs)
    assert SettledRuns(500, databases=2).are_complete(runs)
    assert not SettledRuns(500, databases=3).are_complete(runs)
    assert not SettledRuns(0).are_complete([])
    assert len(find_runs(tmp_path)[0].files) == 4
    assert find_runs(tmp_path, kind="profiles") == []
    pattern = pattern_of(tmp_path, runs[0], event="Ticket Bought", day="20261101")
    assert pattern == f"{tmp_path}/**/9-{RUN}-Ticket-Bought-20261101-*"


def test_without_times_the_files_have_to_stay_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_clevertap.exported.cloud import runs as module

    monkeypatch.setattr(module, "changed_time", lambda _info: None)
    file(tmp_path, f"9-{RUN}-A-20261101-0-0.json")
    settled = SettledRuns(100)
    assert not settled.are_complete(find_runs(tmp_path), now=1000)
    assert not settled.are_complete(find_runs(tmp_path), now=1099)
    file(tmp_path, f"9-{RUN}-A-20261101-0-0.json", b"longer")
    assert not settled.are_complete(find_runs(tmp_path), now=1150)
    assert settled.are_complete(find_runs(tmp_path), now=1250)


def rows(path: Any, **options: Any) -> list[dict[str, Any]]:
    return CloudExportSource(path, **options).to_pandas().to_dict("records")  # type: ignore[return-value]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("header", [b"Ticket Bought\n", b""])
def test_events_in_json(tmp_path: Path, compressed: bool, header: bytes) -> None:
    content = header + json.dumps(EVENT).encode() + b"\n\n" + json.dumps({"ts": 20261101000015}).encode() + b"\n"
    name = f"9-{RUN}-Ticket-Bought-20261101-0-0.json"
    file(tmp_path, name, gzip.compress(content) if compressed else content)
    first, second = rows(tmp_path, timezone="Asia/Kolkata")
    assert list(first) == [
        "event_name", "ts", "ts_local", "identity", "object_id", "platform", "properties", "session", "device",
        "control_group",
    ]  # fmt: skip
    assert first["ts"].isoformat() == "2026-11-01T08:34:16+00:00"
    assert first["ts_local"].isoformat() == "2026-11-01T14:04:16"
    assert (first["event_name"], first["identity"], first["object_id"]) == ("Ticket Bought", "7", "__a1")
    assert json.loads(first["properties"]) == {"Id": 9007199254740993, "x": 1.1}
    assert "9007199254740993" in first["properties"]
    assert json.loads(first["device"]) == {"make": "Acme"}
    if header:
        assert second["event_name"] == "Ticket Bought"
    (with_people, _) = rows(tmp_path, include=["profile", "push_token"])
    assert str(with_people["ts"]) == "NaT"
    assert with_people["push_token"] == "tok"
    assert json.loads(with_people["profile"])["email"] == "p@example.com"
    assert "tok" not in with_people["profile"]


def test_events_in_csv(tmp_path: Path) -> None:
    header = "eventName,ts,profile.identity,profile.push_token,eventProps.City,eventProps.n"
    text = f'{header}\nVisit,20261101140416,7,tok,"Pu,ne",\n'
    file(tmp_path, f"9-{RUN}-Visit-20261101-0-0.csv.gzip", gzip.compress(text.encode()))
    (row,) = rows(tmp_path, timezone="Asia/Kolkata")
    assert (row["event_name"], row["identity"], json.loads(row["properties"])) == ("Visit", "7", {"City": "Pu,ne"})
    assert row["ts"].isoformat() == "2026-11-01T08:34:16+00:00"
    assert "push_token" not in row


def union(*kinds: pa.DataType) -> pa.DataType:
    return pa.struct([(f"member{number}", kind) for number, kind in enumerate(kinds)])


def of(number: int, value: Any) -> dict[str, Any]:
    return {f"member{number}": value}


def write_parquet(directory: Path, name: str, columns: dict[str, tuple[pa.DataType, list[Any]]]) -> None:
    table = pa.table({key: pa.array(values, kind) for key, (kind, values) in columns.items()})
    directory.mkdir(exist_ok=True)
    parquet.write_table(table, directory / name, compression="none")


INNER = union(pa.bool_(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string())
VALUES = union(pa.bool_(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.list_(INNER))
TEXTS = union(pa.string(), pa.list_(pa.string()), pa.int32())


def test_events_in_parquet_with_unions(tmp_path: Path) -> None:
    columns = {
        "eventName": (pa.string(), ["Visit", "Visit"]),
        "eventTime": (pa.string(), ["1793522056", None]),
        "identity": (
            pa.map_(pa.string(), TEXTS),
            [[("clevertapId", of(0, "__a1")), ("identity", of(2, 7)), ("all_identities", of(1, ["7"]))], None],
        ),
        "profile": (pa.map_(pa.string(), TEXTS), [[("email", of(0, "p@example.com"))], []]),
        "deviceInfo": (
            pa.map_(pa.string(), TEXTS), [[("platform", of(0, "Android")), ("token", of(0, "tok"))], None],
        ),
        "eventProps": (
            pa.map_(pa.string(), VALUES),
            [
                [
                    ("Id", of(2, 9007199254740993)), ("ok", of(0, False)), ("n", of(1, 0)), ("x", of(4, 1.5)),
                    ("t", of(5, "")), ("list", of(6, [of(5, "a"), of(1, 2)])), ("none", of(5, None)),
                ],
                [],
            ],
        ),
    }  # fmt: skip
    write_parquet(tmp_path / "Visit", f"9-{RUN}-Visit-20261101-0-0.parquet", columns)
    first, second = rows(tmp_path, timezone="Asia/Kolkata", include=["push_token"])
    assert first["ts"].isoformat() == "2026-11-01T08:34:16+00:00"
    assert first["ts_local"].isoformat() == "2026-11-01T14:04:16"
    assert (first["identity"], first["object_id"], first["platform"]) == ("7", "__a1", "Android")
    assert first["push_token"] == "tok"
    assert json.loads(first["properties"]) == {
        "Id": 9007199254740993, "ok": False, "n": 0, "x": 1.5, "t": "", "list": ["a", 2], "none": None,
    }  # fmt: skip
    assert str(second["ts"]) == "NaT"
    assert json.loads(second["properties"]) == {}


def test_profiles_in_all_formats(tmp_path: Path) -> None:
    profile = {"identity": "7", "clevertapIds": ["__a1"], "token": "tok", "MSG-sms": False, "Plan": "gold", "n": 1.10}
    file(tmp_path / "a", f"ABC-1-{RUN}-0.json.gz", gzip.compress(json.dumps(profile).encode() + b'\n{"other":1}\n'))
    first, second = rows(tmp_path / "a")
    assert first["clevertapIds"] == '["__a1"]'
    assert (first["identity"], first["MSG-sms"], first["n"]) == ("7", "false", "1.1")
    assert "token" not in first
    assert second["other"] == "1"
    assert rows(tmp_path / "a", include=["push_token"])[0]["token"] == "tok"
    file(tmp_path / "b", f"ABC-1-{RUN}-0.csv", b"identity,token,Plan\n7,tok,\n")
    assert list(rows(tmp_path / "b")[0]) == ["identity", "Plan"]
    columns = {
        "identity": (pa.string(), ["7"]),
        "profileIdentities": (pa.map_(pa.string(), TEXTS), [[("all_identities", of(1, ["7"]))]]),
        "device": (pa.map_(pa.string(), TEXTS), [[("token", of(0, "tok")), ("make", of(0, "Acme"))]]),
        "commPrefs": (pa.map_(pa.string(), VALUES), [[("sms", of(0, True))]]),
        "profileProps": (pa.map_(pa.string(), VALUES), [[("Plan", of(5, "gold"))]]),
    }
    write_parquet(tmp_path / "c", f"ABC-1-{RUN}-0.parquet", columns)
    (row,) = rows(tmp_path / "c")
    assert row == {
        "identity": "7", "all_identities": '["7"]', "device": '{"make":"Acme"}', "MSG-sms": "true", "Plan": "gold",
    }  # fmt: skip


def test_a_load_reads_them_and_its_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    for number in range(3):
        content = b"Visit\n" + json.dumps({**EVENT, "eventName": "Visit"}).encode() * (number > 0)
        file(tmp_path, f"9-{RUN}-Visit-2026110{number + 1}-0-0.json", content)
    source = open_source(CloudExportSource(tmp_path, timezone="Asia/Kolkata"))
    before = source.fingerprint()
    blocks = list(source.blocks())
    assert [len(block) for block in blocks] == [0, 1, 1]
    assert blocks[1].rows([0])[0]["identity"] == "7"
    assert source.name.endswith("(3 files)")
    assert before == open_source(CloudExportSource(tmp_path, timezone="Asia/Kolkata")).fingerprint()
    file(tmp_path, f"9-{RUN}-Visit-20261101-0-0.json", b"Visit\n", age=1)
    assert open_source(CloudExportSource(tmp_path, timezone="Asia/Kolkata")).fingerprint() != before
    assert len(CloudExportSource(f"{tmp_path}/**/9-{RUN}-Visit-20261102-*").to_pandas()) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", b"x", "no files of a cloud export"),
        (f"9-{RUN}-A-20261101-0-0.json", b"A\n{broken", "line 2 is not an event"),
        (f"9-{RUN}-A-20261101-0-0.json.gz", gzip.compress(b"A\n\n" * 9)[:-9], "cannot be read as json"),
        (f"9-{RUN}-A-20261101-0-0.parquet", b"nothing", "cannot be read as parquet"),
        (f"9-{RUN}-A-20261101-0-0.xml", b"<a/>", "XML is not read"),
    ],
    ids=["no-file", "no-json", "half-gzip", "no-parquet", "xml"],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    file(tmp_path, name, content)
    with pytest.raises(SourceError, match=message):
        rows(tmp_path)


def test_wrong_arguments(tmp_path: Path) -> None:
    file(tmp_path, f"9-{RUN}-A-20261101-0-0.json", b"A\n")
    with pytest.raises(ConfigurationError, match="IANA name"):
        rows(tmp_path, timezone="Kolkata")
    with pytest.raises(ConfigurationError, match="include='token'"):
        rows(tmp_path, include=["token"])
    file(tmp_path, f"ABC-1-{RUN}-0.json", b"{}")
    with pytest.raises(SourceError, match="Read them separately"):
        rows(tmp_path)
