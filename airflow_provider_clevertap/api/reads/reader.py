"""What every group of the client's methods needs: the one call that reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_clevertap.api.reads.calls import ReadPolicy
from airflow_provider_clevertap.api.response_body import decode


class Reader:
    """Base of the groups of methods of :class:`~.client.CleverTapClient` that read data. Each calls ``read``."""

    base_url: str

    def read(
        self,
        path: str,
        *,
        query: Mapping[str, str] | str = "",
        body: Any = None,
        max_bytes: int = 0,
        policy: ReadPolicy | None = None,
        decoder: Callable[[bytes], object] = decode,
        without_status: str = "",
    ) -> dict[str, Any]:
        """Make a call that reads data; implemented by the client."""
        raise NotImplementedError
