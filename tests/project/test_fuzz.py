"""A short run of every fuzzer; ``make fuzz`` runs them for a million executions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fuzz_targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_no_crash(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def throw(data: st.DataObject) -> None:
        assert target.run(data.draw(target.examples)) > 0

    throw()
