"""What cannot be exported fails the task with a specific error, and an output that is there already stays as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.clevertap_connections import connection_json
from tests.support.exports import KOLKATA, at, files

pytestmark = [pytest.mark.airflow]

DAYS = {"start": "2025-11-01", "end": "2025-11-02"}
ZONE = {"project_timezone": KOLKATA.key}


@pytest.fixture
def project(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an emulator with an event and a message, and connections to it that are wrong in one thing each."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    emulator.change_settings(project_timezone=KOLKATA.key)
    seconds = int(at("2025-11-01T12:00:00").timestamp())
    event = {"type": "event", "identity": "cust-1", "evtName": "Viewed", "ts": seconds, "evtData": {}}
    emulator.add_messages({"message id": 1, "start_date": "2025-11-01"})
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        client.upload(json.dumps({"d": [event]}).encode(), 1)
    right = {"login": emulator.account_id, "password": emulator.passcode, "host": emulator.url, "extra": ZONE}
    connections: Mapping[str, Mapping[str, Any]] = {
        "CLEVERTAP_DEFAULT": {},
        "NO_ZONE": {"extra": {}},
        "OTHER_PASSCODE": {"password": "OTHER-PASSCODE"},
        "OTHER_ACCOUNT": {"login": "OTHER-ACCOUNT"},
        "NO_REGION": {"host": "", "extra": {**ZONE, "region": "moon1"}},
    }
    for name, wrong in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection_json(**{**right, **wrong}))
    return emulator


def operator(kind: str, output: Path | str, **arguments: Any) -> Any:
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator
    from airflow_provider_clevertap.operators.export_profiles import CleverTapExportProfilesOperator
    from airflow_provider_clevertap.operators.message_report import CleverTapMessageReportOperator

    classes: dict[str, Any] = {
        "events": CleverTapExportEventsOperator,
        "profiles": CleverTapExportProfilesOperator,
        "messages": CleverTapMessageReportOperator,
    }
    given = {"task_id": "export", "output": str(output), **DAYS, **arguments}
    if kind == "messages":
        given = {"lookback": 0, **given}
        given.pop("events", None)
    else:
        given = {"events": "Viewed", **given}
    return classes[kind](**given)


@pytest.mark.parametrize("kind", ["events", "profiles", "messages"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clevertap_conn_id": "no_zone"}, "has no project_timezone"),
        ({"clevertap_conn_id": "other_passcode"}, "Connection 'other_passcode': CleverTap rejected account .* region"),
        ({"clevertap_conn_id": "other_account"}, "(rejected account OTHER-ACCOUNT|another value of the account)"),
        ({"clevertap_conn_id": "no_region"}, "no region 'moon1'"),
        ({"events": "Viewed Twice"}, "no event 'Viewed Twice'.*case-sensitive"),
        ({"events": ["Viewed", "Notification Sent"]}, "does not export this event.*CloudExportSource"),
        ({"end": "2125-11-02"}, "in the future"),
        ({"start": "2025-11-03"}, "ends before it starts"),
        ({"start": None, "end": None}, "start and end must be set"),
        ({"start": "2025-11-01T00:00:00"}, "has no time zone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_an_output_stays_as_it_was(
    project: Any, tmp_path: Path, kind: str, arguments: dict[str, Any], message: str
) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    if "events" in arguments and kind != "events":
        pytest.skip("a report on messages names no events, and a snapshot of other people needs another output")
    out = tmp_path / "out"
    assert operator(kind, out).execute({})["rows"] == 1
    before = {name: (out / name).read_bytes() for name in files(out)}
    with pytest.raises(AirflowFailException, match=message):
        operator(kind, out, **arguments).execute({})
    after = {name: (out / name).read_bytes() for name in files(out)}
    if "Notification Sent" not in arguments.get("events", ()):  # the events beside it may be finished
        assert after == before
    assert project.passcode not in str(after)


@pytest.mark.parametrize("kind", ["events", "profiles", "messages"])
def test_an_output_that_is_not_ours(project: Any, tmp_path: Path, kind: str) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sales.csv").write_text("x")
    wrong = {
        tmp_path / "mine": "contains 'sales.csv', which no export has written",
        tmp_path / "mine" / "sales.csv": "cannot be written: Not a directory",
        tmp_path / "mine" / "sales.csv" / "out": "cannot be written: Not a directory",
    }
    before = len(project.requests())
    for output, message in wrong.items():
        with pytest.raises(AirflowFailException, match=message):
            operator(kind, output).execute({})
    assert files(tmp_path) == ["mine/sales.csv"]
    assert len(project.requests()) == before


@pytest.mark.parametrize("kind", ["events", "profiles", "messages"])
def test_a_disk_that_fills_is_passing_and_leaves_the_generation_before(
    project: Any, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

    from airflow_provider_clevertap.storage.written_file import WrittenFile

    operator(kind, tmp_path / "out").execute({})
    before = files(tmp_path / "out")

    def full(file: Any, data: Any) -> int:
        del file, data
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(WrittenFile, "write_bytes", full)
        with pytest.raises(AirflowException, match="No space left on device") as caught:
            operator(kind, tmp_path / "out").execute({})
    assert not isinstance(caught.value, AirflowFailException)
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("kind", ["events", "profiles", "messages"])
@pytest.mark.parametrize(
    ("status", "message"), [(401, "Check the passcode"), (403, "Check the rights of the passcode")]
)
def test_a_passcode_without_the_right_to_export(
    project: Any, tmp_path: Path, kind: str, status: int, message: str
) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    path = "/1/message/report.json" if kind == "messages" else f"/1/{kind}.json"
    project.inject({"do": "status", "status": status, "path": path})
    with pytest.raises(AirflowFailException, match=message):
        operator(kind, tmp_path / "out").execute({})
    assert files(tmp_path / "out") == ["_clevertap_export.json"]


def test_a_mistake_in_the_first_run_does_not_bind_the_output(project: Any, tmp_path: Path) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    with pytest.raises(AirflowFailException, match="rejected account OTHER-ACCOUNT"):
        operator("events", tmp_path / "out", clevertap_conn_id="other_account").execute({})
    assert operator("events", tmp_path / "out").execute({})["rows"] == 1
    with pytest.raises(AirflowFailException, match="another value of the account"):
        operator("events", tmp_path / "out", clevertap_conn_id="other_account").execute({})
