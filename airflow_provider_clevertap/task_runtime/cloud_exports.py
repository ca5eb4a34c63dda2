"""What a sensor waits for: the runs of a cloud export that have files of an event and a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.task_runtime.artifact_paths import resolve_storage

if TYPE_CHECKING:
    from airflow_provider_clevertap.exported.cloud.runs import SettledRuns


@dataclass(kw_only=True)
class AwaitedRuns:
    """The runs of a cloud export that are waited for. All fields can be written as JSON.

    :param path: the directory of the export, as a path or URI.
    :param kind: ``"events"`` or ``"profiles"``.
    :param event: only files of this event.
    :param day: only files of this day, as ``20261101``.
    :param settle_seconds: how long the files must not have changed.
    :param databases: how many databases each run must have files of.
    :raises ConfigurationError: when a value is not allowed.
    """

    path: str
    kind: Literal["events", "profiles"] = "events"
    event: str | None = None
    day: str | None = None
    settle_seconds: float = 1800.0
    databases: int | None = None
    _settled: SettledRuns | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in ("events", "profiles"):
            raise ConfigurationError(f"kind={self.kind!r} is not known; use 'events' or 'profiles'.")
        if self.kind == "profiles" and (self.event or self.day):
            raise ConfigurationError("Files of profiles have neither an event nor a day.")
        if self.day is not None and (len(self.day) != len("20261101") or not self.day.isdigit()):
            raise ConfigurationError(f"day must be a day such as 2026-11-01, not {self.day!r}.")
        if self.settle_seconds < 0:
            raise ConfigurationError("settle must be a duration of 0 or more.")
        if self.databases is not None and self.databases < 1:
            raise ConfigurationError("databases must be a number of 1 or more.")

    def complete_runs(self) -> list[dict[str, Any]] | None:
        """Return the runs when all of them are complete, ``None`` until then.

        :raises ConfigurationError: when the storage is not known.
        :raises StorageUnavailableError: when it fails.
        """
        from airflow_provider_clevertap.exported.cloud.runs import SettledRuns, find_runs, pattern_of

        self._settled = self._settled or SettledRuns(self.settle_seconds, self.databases)
        runs = find_runs(resolve_storage(self.path), kind=self.kind, event=self.event, day=self.day)
        if not self._settled.are_complete(runs):
            return None
        return [
            {
                "run": run.run,
                "uri": pattern_of(self.path, run, event=self.event, day=self.day),
                "files": len(run.files),
            }
            for run in runs
        ]
