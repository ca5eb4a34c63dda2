"""Trigger that waits until CleverTap has finished writing a cloud export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_clevertap.exceptions import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from airflow_provider_clevertap.task_runtime.cloud_exports import AwaitedRuns

__all__ = ["CloudExportTrigger"]


class CloudExportTrigger(BaseTrigger):
    """Wait until the runs of a cloud export are complete.

    :param wanted: what is waited for, see :class:`~airflow_provider_clevertap.task_runtime.cloud_exports.AwaitedRuns`,
        as keyword arguments.
    :param poll_seconds: seconds between two checks.
    """

    def __init__(self, wanted: dict[str, Any], poll_seconds: float = 60.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.wanted = wanted
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments, from which the triggerer makes it."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"wanted": self.wanted, "poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait until the runs are complete, also while the storage fails."""
        from airflow_provider_clevertap.task_runtime.cloud_exports import AwaitedRuns

        awaited: AwaitedRuns = AwaitedRuns(**self.wanted)
        while True:
            try:
                runs = await asyncio.to_thread(awaited.complete_runs)
            except ConfigurationError as error:
                yield TriggerEvent({"error": str(error)})  # type: ignore[no-untyped-call]
                return
            except UnavailableError as error:
                self.log.warning("The storage does not answer: %s", error)
                runs = None
            if runs is not None:
                yield TriggerEvent({"runs": runs})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.poll_seconds)
