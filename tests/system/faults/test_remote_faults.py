"""Loads under every known fault of CleverTap and the network: no row is lost, and every duplicate is reported.

The cases are those of ``make chaos``, with few rows each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaos.raw import raw_cases, run_raw
from tests.support.chaos.remote import RemoteCase, remote_cases, run_remote


@pytest.mark.parametrize("case", list(remote_cases("suite")), ids=str)
def test_every_row_is_accounted_for(case: RemoteCase, tmp_path: Path) -> None:
    assert run_remote(case, tmp_path).problems == []


@pytest.mark.parametrize("case", list(raw_cases(brief=True)), ids=str)
def test_a_service_that_keeps_to_no_protocol_hides_nothing(case: RemoteCase, tmp_path: Path) -> None:
    assert run_raw(case, tmp_path).problems == []
