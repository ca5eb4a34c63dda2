"""Loads while CleverTap, or the way to it, fails in every way we know of: no row lost, none doubled but what is told.

The cases are those of ``make chaos``, with few rows each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaos.remote import RemoteCase, remote_cases, run_remote


@pytest.mark.parametrize("case", list(remote_cases("suite")), ids=str)
def test_every_row_is_accounted_for(case: RemoteCase, tmp_path: Path) -> None:
    assert run_remote(case, tmp_path).problems == []
