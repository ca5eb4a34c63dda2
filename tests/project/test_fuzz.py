"""A short run of every fuzzer; ``make fuzz`` runs them for a million executions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples_of_properties import examples
from tests.support.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_no_crash(name: str) -> None:
    target = TARGETS[name]

    @examples(target.short)
    @given(st.data())
    def throw(data: st.DataObject) -> None:
        assert target.run(data.draw(target.examples)) > 0

    throw()
