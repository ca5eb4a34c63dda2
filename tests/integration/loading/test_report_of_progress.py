"""What a report of a load has besides the summary: how far it is, its rate, and its attempts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.outcomes import progress
from airflow_provider_clevertap.loading.outcomes.rate_series import MAX_POINTS, RateSeries
from tests.support.broken_loads import Broken


def people(count: int) -> list[dict[str, Any]]:
    return [{"identity": f"cust-{row:05}", "Email": f"c{row}@example.com"} for row in range(count)]


def test_a_long_series_keeps_few_points_and_the_latest() -> None:
    series = RateSeries()
    for tick in range(50_000):
        series.add(tick * 0.7, tick * 3)
        if tick % 997 == 0:
            assert len(series.points()) <= MAX_POINTS
    points = series.points()
    assert MAX_POINTS // 2 <= len(points) <= MAX_POINTS
    assert points[0] == [0.0, 0]
    assert points[-1] == [round(49_999 * 0.7, 2), 49_999 * 3]
    assert all(before[0] < after[0] and before[1] <= after[1] for before, after in pairwise(points))


def test_a_series_starts_with_a_point_a_second() -> None:
    series = RateSeries()
    for tick in range(100):
        series.add(tick * 0.1, tick)
    assert [point[0] for point in series.points()] == [0.0, *(float(second) for second in range(1, 10)), 9.9]


@pytest.mark.parametrize("dry_run", [None, "local"])
def test_every_row_is_in_the_rate_when_the_load_has_ended(make_load: Callable[..., Load], dry_run: str | None) -> None:
    rows: list[Any] = people(2_500)
    rows[10]["Email"] = "not an address"
    rows[11] = {"identity": "", "Email": ""}
    load = make_load(rows, max_rejects=1, dry_run=dry_run)
    load.run()
    facts = load.progress.facts()
    assert facts["rate"][-1][1] == 2_500
    assert facts["attempts"] == []


def test_a_running_load_has_itself_reported(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_clevertap.loading.load import LoadOptions
    from airflow_provider_clevertap.loading.record_kinds import PROFILES
    from tests.support.plain_rows import Rows

    monkeypatch.setattr(progress, "FIRST_REPORT_AFTER", 0.0)
    monkeypatch.setattr(progress, "REPORT_EVERY", 0.0)
    reports: list[int] = []
    load = Load(
        PROFILES,
        Rows(people(7_000)),
        client,
        LoadOptions(max_in_flight=1),
        on_progress=lambda: reports.append(load.progress.facts()["rate"][-1][1]),
    )
    load.run()
    assert len(reports) >= 7
    assert reports == sorted(reports)
    assert set(reports) & {1_000, 2_000, 3_000, 4_000, 5_000, 6_000}


def test_attempts_are_listed_with_the_rows_at_which_they_began(make: Callable[..., Load]) -> None:
    rows = people(5_000)
    with pytest.raises(Broken):
        make(rows, after=2, max_in_flight=1).run()
    load = make(rows)
    load.run()
    first, second = load.progress.facts()["attempts"]
    assert first[0] == 1
    assert second[0] == load.summary.resumed_from_row == 2_001
    assert first[1] <= second[1]
    assert load.progress.facts()["rate"][-1][1] == 3_000, "the rows of this attempt"
