"""The error of each answer that is a failure."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Forbidden,
    Malformed,
    RateLimited,
    TooLarge,
    Unreachable,
    to_exception,
)
from airflow_provider_clevertap.exceptions import AccessDeniedError, CleverTapUnavailableError, ConfigurationError


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Forbidden(401, "x"), AccessDeniedError),
        (Forbidden(402, "x"), AccessDeniedError),
        (Forbidden(403, "x"), AccessDeniedError),
        (Forbidden(404, "x"), ConfigurationError),
        (Forbidden(302, "x"), ConfigurationError),
        (Malformed("x"), ConfigurationError),
        (TooLarge("x"), ConfigurationError),
        (RateLimited("x"), CleverTapUnavailableError),
        (Unreachable("x"), CleverTapUnavailableError),
        (Ambiguous(500, "x"), CleverTapUnavailableError),
    ],
)
def test_each_failure_has_its_error(answer: Any, error: type[Exception]) -> None:
    assert type(to_exception(answer)) is error
    assert str(to_exception(answer)) == "x"


@pytest.mark.parametrize(
    ("answer", "http_status", "retry_after"),
    [
        (RateLimited("x", 3.0), 429, 3.0),
        (RateLimited("x"), 429, None),
        (Ambiguous(503, "x", 20.0), 503, 20.0),
        (Ambiguous(None, "x"), None, None),
        (Unreachable("x"), None, None),
    ],
)
def test_transient_errors_keep_the_status_and_the_wait(
    answer: Any, http_status: int | None, retry_after: float | None
) -> None:
    error = to_exception(answer)
    assert isinstance(error, CleverTapUnavailableError)
    assert (error.http_status, error.retry_after) == (http_status, retry_after)
    assert type(error.http_status) in (int, type(None))  # not an enum: it is written to logs and reports


@pytest.mark.parametrize("status", [401, 402, 403])
def test_denied_access_keeps_the_status(status: int) -> None:
    error = to_exception(Forbidden(status, "x"))
    assert isinstance(error, AccessDeniedError)
    assert error.http_status == status
