"""``max_rejects``: a number of rows or a share of them, and what is too easily mistaken for the other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.options import LoadOptions, RejectLimit

ROWS = 1_000


def allowed(max_rejects: Any, rows: int = ROWS) -> int:
    """The largest number of failed rows that is allowed."""
    limit = RejectLimit.of(LoadOptions(max_rejects=max_rejects).max_rejects)
    return max(failed for failed in range(rows + 1) if limit.allows(failed, rows))


@pytest.mark.parametrize(
    ("max_rejects", "expected"),
    [
        (0, 0), (0.0, 0), ("0", 0), ("0.0", 0), ("0%", 0), (-0.0, 0),
        (1, 1), ("1", 1), (10, 10), ("10", 10), (" 10 ", 10), (5_000, 1_000),
        (0.01, 10), ("0.01", 10), (".5", 500), (0.999, 999), ("0.999", 999), ("1e-03", 1), (1e-05, 0), ("2.5e-06", 0),
        ("1%", 10), ("1 %", 10), ("0.5%", 5), ("99.9%", 999), ("1.0%", 10), ("100%", 1_000), ("100.0%", 1_000),
    ],
)  # fmt: skip
def test_every_form_means_what_it_looks_like(max_rejects: Any, expected: int) -> None:
    assert allowed(max_rejects) == expected


@pytest.mark.parametrize(
    "max_rejects", [1.0, 1.5, 10.0, 100.0, float("inf"), "1.0", "1.", "10.0", "1e5", "101%", "100.1%", "1000%"]
)
def test_a_share_of_one_or_more_is_not_allowed_and_the_message_says_what_to_write(max_rejects: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"max_rejects=.* is not allowed") as caught:
        LoadOptions(max_rejects=max_rejects)
    assert str(caught.value).endswith('Write 1 for one row, or "100%" for all rows.')


@pytest.mark.parametrize(
    "max_rejects",
    [-1, -0.1, float("nan"), True, False, None, [], b"1", "", "-1", "-1%", "nan", "few", ".", "%", "1,5", "1,5%",
     "e-05", "0x8", "1%%", "٣", "٣%", "1_000"],
)  # fmt: skip
def test_anything_else_is_no_limit(max_rejects: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_rejects must be a number of rows such as 10"):
        LoadOptions(max_rejects=max_rejects)


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_whole_number_is_a_number_of_rows_also_as_text(rows_allowed: int, failed: int, rows: int) -> None:
    for form in (rows_allowed, str(rows_allowed)):
        assert RejectLimit.of(form).allows(failed, rows) is (failed <= rows_allowed)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_float_less_than_one_is_a_share_also_as_text(share: float, failed: int, rows: int) -> None:
    for form in (share, str(share)):
        assert RejectLimit.of(form).allows(failed, rows) is (failed <= Fraction(str(share)) * rows)


@given(st.floats(1, allow_nan=False))
def test_a_float_of_one_or_more_is_an_error_also_as_text(number: float) -> None:
    for form in (number, str(number)):
        with pytest.raises(ConfigurationError, match="max_rejects"):
            LoadOptions(max_rejects=form)


@given(st.integers(0, 10_000), st.integers(0, 10**6))
def test_per_cent_are_counted_exactly(hundredths: int, rows: int) -> None:
    limit = RejectLimit.of(f"{hundredths / 100}%")
    exact = rows * hundredths // 10_000
    assert limit.allows(exact, rows)
    assert not limit.allows(exact + 1, rows)


def test_29_of_100_rows_are_29_per_cent() -> None:
    assert 0.29 * 100 < 29
    assert allowed(0.29, rows=100) == allowed("29%", rows=100) == 29


@pytest.mark.parametrize(
    ("max_rejects", "text"),
    [(1_000, "1,000"), (0.05, "5% of the rows"), ("100%", "100% of the rows"), (1e-05, "0.001% of the rows")],
)
def test_a_message_shows_the_limit(max_rejects: Any, text: str) -> None:
    assert str(RejectLimit.of(max_rejects)) == text
