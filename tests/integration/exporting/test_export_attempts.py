"""Exports that are stopped, resumed, or run twice at a time."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import AccessDeniedError, LoadStoppedError
from airflow_provider_clevertap.exporting.events.export import EventExport
from airflow_provider_clevertap.exporting.events.options import EventOptions
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from tests.support.exports import DAY, KOLKATA, PAGES, MakeExport, Upload, at, files, manifest, numbers


@pytest.mark.usefixtures("day_of_views")
def test_a_stopped_export_ends_soon_and_changes_nothing(
    make_export: MakeExport, emulator: RunningEmulator, tmp_path: Path
) -> None:
    make_export(**DAY, run="1" * 8).run()
    before = files(tmp_path / "out")
    emulator.inject({"do": "stall", **PAGES, "skip": 2})
    running = make_export(**DAY, batch_size=230, run="2" * 8)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            running.run()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while running.counts.received < 200:
        time.sleep(0.01)
    running.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert isinstance(failures[0], LoadStoppedError)
    assert files(tmp_path / "out") == before


@pytest.mark.usefixtures("day_of_views")
def test_a_later_attempt_resumes_at_the_partitions_that_are_not_done(
    make_export: MakeExport, emulator: RunningEmulator, tmp_path: Path, upload: Upload
) -> None:
    upload(("Viewed", at("2025-11-02T12:00:00"), {"n": 5000}))
    options = {"start": "2025-11-01", "end": "2025-11-03", "events": ["Charged", "Viewed"], "batch_size": 230}
    emulator.inject({"do": "status", "status": 401, **PAGES, "skip": 5})
    with pytest.raises(AccessDeniedError):
        make_export(**options, max_in_flight=1).run()
    out = tmp_path / "out"
    done = files(out)
    assert manifest(out / "event=Charged" / "date=2025-11-01")["rows"] == 1
    # what a killed attempt leaves: it had no time to remove anything
    dead = out / "event=Viewed" / "date=2025-11-01" / "part-00000000-0000dead-00000.parquet"
    dead.parent.mkdir(parents=True, exist_ok=True)
    dead.write_bytes(b"x")
    dead.with_name(f"{dead.name}.0123abcd.part").write_bytes(b"x")
    emulator.clear_faults()
    asked = len(emulator.requests("/1/events.json"))
    summary = make_export(**options).run()
    assert summary["resumed"] == 2
    assert summary["rows"] == 1442
    assert set(done) <= set(files(out))
    assert not [name for name in files(out) if "dead" in name or name.endswith(".part")]
    assert numbers(out, events=["Viewed"]) == [*range(1440), 5000]
    # 1441 events in pages of 230, and a POST for each of the two walks
    assert len(emulator.requests("/1/events.json")) - asked < 14
    uninterrupted = make_export(**options, output=tmp_path / "other").run()
    assert {**summary, **dict.fromkeys(_VARYING)} == {**uninterrupted, **dict.fromkeys(_VARYING)}
    assert make_export(**options, run="another!"[:8].encode().hex()[:8]).run()["resumed"] == 0


_VARYING = ("seconds", "requests", "resumed", "output", "manifest")


@pytest.mark.usefixtures("day_of_views")
def test_of_two_exports_the_one_that_asked_later_wins_and_readers_see_whole_days(
    client: CleverTapClient, tmp_path: Path, upload: Upload, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"

    def make(number: int) -> EventExport:
        options = EventOptions(
            events="Viewed", output=out, zone=KOLKATA, confirm_empty=False, batch_size=230, max_in_flight=1, **DAY
        )
        return EventExport(client, options, RunIdentity(f"{number:08}", f"{number:08}", 1), logging.getLogger("tests"))

    make(0).run()
    over = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not over.is_set():
            seen.append(len(numbers(out)))

    reader = threading.Thread(target=read)
    reader.start()
    emulator.inject({"do": "delay", "seconds": 0.02, **PAGES})
    first, second = make(1), make(2)
    results: dict[int, Any] = {}
    threads = [threading.Thread(target=lambda: results.update({1: first.run()}))]
    threads[0].start()
    while first.counts.received == 0:
        time.sleep(0.001)
    upload(("Viewed", at("2025-11-01T12:00:00"), {"n": 2000}))
    threads.append(threading.Thread(target=lambda: results.update({2: second.run()})))
    threads[1].start()
    for thread in threads:
        thread.join(60)
    over.set()
    reader.join(60)
    assert set(seen) <= {1440, 1441}
    assert numbers(out) == [*range(1440), 2000]
    stored = manifest(out / "event=Viewed" / "date=2025-11-01")
    assert stored["run"] == "00000002"
    assert {Path(name).name for name in files(out / "event=Viewed")} >= {file["name"] for file in stored["files"]}
