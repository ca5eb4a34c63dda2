"""What the endpoints of a load allow: how many requests in flight, and whether CleverTap can validate only."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from airflow_provider_clevertap.api.endpoints import Endpoint
from airflow_provider_clevertap.exceptions import ConfigurationError


def check_dry_run(endpoints: Iterable[Endpoint]) -> None:
    """Check that CleverTap can validate records without storing them.

    :param endpoints: where the records of the load are sent.
    :raises ConfigurationError: when an endpoint has no dry run.
    """
    for endpoint in endpoints:
        if not endpoint.supports_dry_run:
            raise ConfigurationError(
                f"dry_run='server' is not possible: CleverTap documents no dry run for {endpoint.path}. "
                "Use dry_run='local', which validates every row and sends nothing."
            )


def allowed_in_flight(wanted: int, endpoints: Iterable[Endpoint], log: logging.Logger) -> int:
    """Return how many requests a load may have in flight, with a line in the log where that is less than wanted.

    :param wanted: the ``max_in_flight`` of the load.
    :param endpoints: where its records are sent.
    """
    strictest = min(endpoints, key=lambda endpoint: endpoint.max_in_flight)
    if wanted <= strictest.max_in_flight:
        return wanted
    log.info(
        "max_in_flight is lowered from %s to %s, the maximum for %s", wanted, strictest.max_in_flight, strictest.path
    )
    return strictest.max_in_flight
