"""Loads with local faults: a full disk, a changed source, a rejects file in the directory of its source.

The cases are those of ``make chaos``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chaos.here import (
    HERE,
    changed_source,
    full_disks,
    one_place_for_two,
    rejects_beside_the_source,
    second_signals,
)
from tests.support.killed_loads import LoadingProcess

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loading() -> Iterator[LoadingProcess]:
    with LoadingProcess() as process:
        yield process


@pytest.mark.parametrize("name", HERE)
def test_wherever_the_disk_is_full_every_row_is_accounted_for(
    name: str, loading: LoadingProcess, tmp_path: Path
) -> None:
    assert full_disks(name, 1, tmp_path, loading, brief=True).problems == []


@pytest.mark.parametrize("name", HERE)
def test_a_source_that_changes_between_two_attempts_loses_nothing(
    name: str, loading: LoadingProcess, tmp_path: Path
) -> None:
    assert changed_source(name, 1, tmp_path, loading).problems == []


@pytest.mark.parametrize("name", HERE)
def test_rejects_beside_the_source_hide_nothing(name: str, tmp_path: Path) -> None:
    assert rejects_beside_the_source(name, 1, tmp_path).problems == []


@pytest.mark.airflow
@pytest.mark.parametrize("name", HERE)
def test_two_tasks_with_one_path_lose_none_of_their_rejects(name: str, tmp_path: Path) -> None:
    assert one_place_for_two(name, 1, tmp_path).problems == []


@pytest.mark.airflow
@pytest.mark.parametrize("name", HERE)
def test_any_number_of_signals_leaves_nothing_in_doubt(name: str, tmp_path: Path) -> None:
    assert second_signals(name, 1, tmp_path).problems == []
