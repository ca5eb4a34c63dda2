"""Loads under every known fault of CleverTap and the network: no row is lost, and every duplicate is reported.

The cases are those of ``make chaos``, with few rows each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaos.raw import SERVICES, run_raw
from tests.support.chaos.remote import POLICIES, RemoteCase, remote_cases, run_remote


@pytest.mark.parametrize("case", list(remote_cases("suite")), ids=str)
def test_every_row_is_accounted_for(case: RemoteCase, tmp_path: Path) -> None:
    assert run_remote(case, tmp_path).problems == []


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fault", SERVICES)
def test_a_service_that_keeps_to_no_protocol_hides_nothing(fault: str, policy: str, tmp_path: Path) -> None:
    assert run_raw(fault, policy, tmp_path).problems == []
