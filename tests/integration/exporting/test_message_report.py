"""The report on messages: slices of days, partitions that are replaced, and dates of any form."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import ConfigurationError, ExportError, IncompleteExportError
from airflow_provider_clevertap.exported.tables import read_table
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from airflow_provider_clevertap.exporting.messages.options import MessageOptions
from airflow_provider_clevertap.exporting.messages.report import MessageReport
from airflow_provider_clevertap.sources import ExportedMessagesSource
from tests.support.exports import KOLKATA, files, manifest

PATH = "/1/message/report.json"
Report = Callable[..., dict[str, Any]]
NO_LOOKBACK = {"lookback": timedelta(0)}
#: a number beyond 2^53, and fields that no page lists
SALE = {
    "message id": 2**53 + 1,
    "message_name": "Sale",
    "channel": "Push",
    "delivery": "One Time",
    "start_date": "2025-11-03 09:30",
    "status": "completed",
    "sent": 10,
    "viewed": 2**53 + 1,
    "clicked": "2",
    "labels": ["Winter", "x"],
    "conversion_event": "Charged",
    "device": "Android",
    "variants": {"A": 1},
}


def message(number: int, start: str, **more: Any) -> dict[str, Any]:
    return {"message id": number, "channel": "Email", "start_date": start, "status": "running", "sent": 1, **more}


@pytest.fixture
def make_report(client: CleverTapClient, tmp_path: Path) -> Callable[..., MessageReport]:
    attempts = iter(range(1, 1000))

    def make(
        start: str = "2025-11-01", end: str = "2025-11-08", *, run: str = "0" * 8, **options: Any
    ) -> MessageReport:
        attempt = next(attempts)
        given = {"output": tmp_path / "out", "zone": KOLKATA, **NO_LOOKBACK, **options}
        checked = MessageOptions(start=start, end=end, **given)
        identity = RunIdentity(run, f"{attempt:08x}", attempt)
        return MessageReport(client, checked, identity, logging.getLogger("tests.messages"))

    return make


@pytest.fixture
def report(make_report: Callable[..., MessageReport]) -> Report:
    return lambda *days, **options: make_report(*days, **options).run()


def found(output: Path, **options: Any) -> dict[str, dict[str, Any]]:
    """Return the messages that the manifests name, by their number."""
    rows = read_table(ExportedMessagesSource(output, **options).partitions()).to_pylist()
    return {row["message_id"]: row for row in rows}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the list that the body of each request for a report is added to."""
    bodies: list[dict[str, Any]] = []
    read = CleverTapClient.read

    def reading(self: CleverTapClient, path: str, **options: Any) -> dict[str, Any]:
        bodies.append(options["body"])
        return read(self, path, **options)

    monkeypatch.setattr(CleverTapClient, "read", reading)
    return bodies


def days(bodies: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((body["from"], body["to"]) for body in bodies)


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_messages_are_written_by_the_day_they_began(
    report: Report, emulator: RunningEmulator, tmp_path: Path, file_format: str
) -> None:
    emulator.add_messages(SALE, message(2, "20251101"), message(3, "2025-11-08"))
    summary = report(file_format=file_format)
    out = tmp_path / "out"
    assert {key: summary[key] for key in ("kind", "rows", "partitions", "empty", "requests")} == {
        "kind": "messages", "rows": 2, "partitions": 7, "empty": 5, "requests": 1,
    }  # fmt: skip
    assert (summary["from"], summary["to"]) == ("2025-11-01T00:00:00+05:30", "2025-11-08T00:00:00+05:30")
    rows = found(out)
    assert set(rows) == {str(2**53 + 1), "2"}
    sale = rows[str(2**53 + 1)]
    assert (sale["message_name"], sale["start_day"], sale["viewed"]) == ("Sale", "2025-11-03", 2**53 + 1)
    assert list(sale["labels"]) == ["Winter", "x"]
    assert json.loads(sale["other"]) == {"clicked": "2", "variants": {"A": 1}}
    assert manifest(out / "date=2025-11-03")["rows"] == 1
    assert set(found(out, start="2025-11-02")) == {str(2**53 + 1)}


def test_long_times_are_asked_for_in_slices_of_two_weeks(report: Report, asked: list[dict[str, Any]]) -> None:
    summary = report("2025-10-01", "2025-11-01")
    assert days(asked) == [("20251001", "20251014"), ("20251015", "20251028"), ("20251029", "20251031")]
    assert summary["partitions"] == 31


def test_numbers_that_have_changed_are_read_again(
    report: Report, emulator: RunningEmulator, tmp_path: Path, asked: list[dict[str, Any]]
) -> None:
    emulator.add_messages(message(1, "2025-11-01", sent=1), message(2, "2025-11-02"))
    report("2025-11-01", "2025-11-02")
    emulator.add_messages(message(1, "2025-11-01", sent=5))
    report("2025-11-08", "2025-11-09", lookback=timedelta(days=7), run="1" * 8)
    assert (asked[-1]["from"], asked[-1]["to"]) == ("20251101", "20251108")
    assert {number: row["sent"] for number, row in found(tmp_path / "out").items()} == {"1": 5, "2": 1}


@pytest.mark.parametrize("start", ["Nov 3, 2025 9:30 AM", "2025-11-09", "1762144200", "2025-11-31", None, {}], ids=str)
def test_a_date_that_says_nothing_makes_each_day_be_asked_for(
    report: Report, emulator: RunningEmulator, tmp_path: Path, start: Any
) -> None:
    emulator.add_messages(message(1, "2025-11-03"), message(2, "2025-11-04"))
    real = CleverTapClient.messages

    def with_other_dates(self: CleverTapClient, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
        return [{**each, "start_date": start} for each in real(self, *arguments, **options)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CleverTapClient, "messages", with_other_dates)
        summary = report()
    assert (summary["rows"], summary["requests"]) == (2, 8)
    assert {number: row["start_day"] for number, row in found(tmp_path / "out").items()} == {
        "1": "2025-11-03", "2": "2025-11-04",
    }  # fmt: skip


def test_filters_go_to_clevertap(report: Report, emulator: RunningEmulator, asked: list[dict[str, Any]]) -> None:
    emulator.add_messages(SALE, message(2, "20251101"))
    summary = report(channels="push", statuses=["completed", "stopped"], labels=["Winter"], daily=True)
    assert asked[-1] == {
        "from": "20251101", "to": "20251107", "channel": ["push"], "status": ["completed", "stopped"],
        "label": ["Winter"], "daily": True,
    }  # fmt: skip
    assert summary["rows"] == 1
    with pytest.raises(ConfigurationError, match="another value of query"):
        report()


def test_a_report_that_fails_leaves_all_days_as_they_were(
    report: Report, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.add_messages(message(1, "2025-11-01"))
    report()
    before = files(tmp_path / "out")
    emulator.inject({"do": "without_fields", "fields": ["messages"], "path": PATH, "skip": 2})
    with pytest.raises(ExportError, match="no list of messages"):
        report(run="1" * 8, days_per_request=1)
    assert files(tmp_path / "out") == before


def test_fewer_messages_than_named_are_no_report(
    report: Report, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_messages(message(1, "2025-11-01"), message(2, "2025-11-01"))
    real = CleverTapClient.read

    def cut(self: CleverTapClient, path: str, **options: Any) -> dict[str, Any]:
        fields = real(self, path, **options)
        return {**fields, "messages": fields["messages"][:1]}

    monkeypatch.setattr(CleverTapClient, "read", cut)
    with pytest.raises(IncompleteExportError, match="names 2 messages and has returned 1"):
        report()


def test_an_attempt_after_a_lost_one_asks_for_what_is_missing(
    make_report: Callable[..., MessageReport], emulator: RunningEmulator, asked: list[dict[str, Any]]
) -> None:
    emulator.add_messages(message(1, "2025-11-01"))
    make_report("2025-11-01", "2025-11-04").run()
    summary = make_report("2025-11-01", "2025-11-08").run()
    assert summary["resumed"] == 3
    assert days(asked[1:]) == [("20251104", "20251107")]


def test_days_without_a_message(report: Report, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Nothing was replaced"):
        report(on_empty="fail")
    assert report(on_empty="skip")["partitions"] == 0
    assert not (tmp_path / "out" / "date=2025-11-01").exists()
    assert report(on_empty="write")["empty"] == 7


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"channels": [""]}, "channel must be"),
        ({"labels": [1]}, "label must be"),
        ({"days_per_request": 15}, "days_per_request"),
        ({"lookback": timedelta(-1)}, "lookback"),
        ({"lookback": 7}, "lookback"),
        ({"lookback": timedelta.max}, "lookback"),
        ({"daily": "yes"}, "daily"),
        ({"end": "2025-10-01"}, "ends before it starts"),
        ({"end": "2125-10-01"}, "in the future"),
    ],
    ids=str,
)
def test_wrong_options(report: Report, tmp_path: Path, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        report(**options)
    assert not (tmp_path / "out").exists()


def test_an_output_of_something_else_is_left_alone(report: Report, tmp_path: Path) -> None:
    (tmp_path / "out" / "date=2025-11-02").mkdir(parents=True)
    (tmp_path / "out" / "date=2025-11-02" / "mine.csv").write_text("x")
    with pytest.raises(ConfigurationError, match="which no export has written"):
        report()
    assert files(tmp_path / "out") == ["date=2025-11-02/mine.csv"]
