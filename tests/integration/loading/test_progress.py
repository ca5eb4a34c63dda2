"""Progress in the task log: frequent enough to be useful, rare enough to be read, and without row data."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.outcomes import progress, summary
from airflow_provider_clevertap.loading.outcomes.progress import Progress
from airflow_provider_clevertap.loading.outcomes.summary import Counts
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.plain_rows import Rows, people

LINE = re.compile(r"[\d,]+ rows settled, [\d,]+ rows/s, [\d,]+ failed(, \d+% read(, about [\d:]+ to go)?)?")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "settled" in record.getMessage()]


class Clock:
    """A clock for the progress module that advances only when it is set."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


class SlowlyRead(Rows):
    """A source that takes 1.6 seconds for each block of 700 rows."""

    def __init__(self, rows: list[dict[str, Any]], clock: Clock) -> None:
        super().__init__(rows)
        self.clock = clock

    def blocks(self) -> Iterator[RowBlock]:
        for block in super().blocks():
            yield block
            self.clock.now += 1.6


def test_a_short_load_needs_no_progress(
    make_load: Callable[..., Load], caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    with caplog.at_level(logging.INFO):
        make_load(SlowlyRead(people(2_000), clock)).run()
        assert lines(caplog) == []
        make_load(SlowlyRead(people(2_800), clock)).run()
    assert len(lines(caplog)) == 1


def test_a_long_load_tells_rows_rate_failures_and_the_time_left(
    make_load: Callable[..., Load], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "FIRST_AFTER", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    rows = people(7_000)
    rows[3]["Email"] = "somebody.private"
    source = Rows(rows)
    monkeypatch.setattr(source, "progress", lambda: 0.25)
    with caplog.at_level(logging.INFO):
        # One at a time, so that the first rows are settled long before the last ones are read.
        make_load(source, max_rejects=1, max_in_flight=1).run()
    messages = lines(caplog)
    assert len(messages) >= 7  # one when each batch is settled, at the least
    assert all(LINE.fullmatch(line) for line in messages)
    assert "25% read, about" in messages[-1]
    assert "1 failed" in messages[-1]
    assert "somebody" not in caplog.text
    assert "cust-0" not in caplog.text


def test_lines_come_at_a_rate_a_person_can_read(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(summary, "time", clock)
    counts = Counts(started=clock.now)
    logged = Progress(logging.getLogger("load"), counts)
    with caplog.at_level(logging.INFO):
        for _ in range(3_600):
            clock.now += 0.1
            counts.accepted += 1_000
            logged.tick()
    # Six minutes: one line after five seconds, then two a minute, and no remaining time, because it is unknown.
    assert len(lines(caplog)) == 12
    assert lines(caplog)[0] == "50,000 rows settled, 10,000 rows/s, 0 failed"


def test_waiting_for_clevertap_is_told_once_for_all_threads(
    make_load: Callable[..., Load], emulator: RunningEmulator, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    emulator.inject({"do": "status", "status": 503, "body": "html", "times": 3})
    with caplog.at_level(logging.INFO):
        make_load(people(8_000), max_in_flight=4).run()
    (message,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert re.fullmatch(r"CleverTap, or a proxy before it, failed: HTTP 503 .*; retrying in \d\.\d s", message)


@pytest.mark.parametrize(("seconds", "shown"), [(9, "0:09"), (754, "12:34"), (3_725, "1:02:05")])
def test_time_left_as_a_clock_shows_it(seconds: float, shown: str) -> None:
    assert progress._clock(seconds) == shown
