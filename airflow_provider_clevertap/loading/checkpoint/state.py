"""The state of a load that must survive its process: which rows are settled and which may have been sent.

It has a few hundred bytes, however many rows the source has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_provider_clevertap.exceptions import CannotResumeError
from airflow_provider_clevertap.loading.checkpoint.row_ranges import RowRanges
from airflow_provider_clevertap.loading.checkpoint.task_attempt import TaskAttempt
from airflow_provider_clevertap.loading.delivery.batches import Lane

_VERSION: Final = 1
_LANES: Final[tuple[Lane, ...]] = ("main", "profile")


@dataclass(slots=True)
class LaneState:
    """The rows of one lane, by their ordinals, which count all rows of the source from 0.

    :param settled: the rows whose records have an outcome.
    :param claimed: the rows whose records may have been sent, and whose outcome is unknown.
    """

    settled: RowRanges = field(default_factory=RowRanges)
    claimed: RowRanges = field(default_factory=RowRanges)


@dataclass(slots=True)
class LoadState:
    """The state of one load.

    :param fingerprint: hashes that must be the same for the load to resume, by the names that messages use.
    :param started: when the first attempt began, seconds since 1970. Events with the time "now" keep that time.
    :param attempt: the latest attempt.
    :param lanes: the rows of each lane.
    :param counts: the counts of the summary that cannot be counted again.
    :param seconds: how long the attempts so far took.
    :param unaccepted_parts: how many parts of unaccepted rows each attempt has stored, see ``UnacceptedRows``.
    :param attempts: the row at which each of the latest attempts began, and when, in seconds since 1970.
    :param duplicates_possible: records were claimed that would be duplicated if they were sent twice.
    :param complete: the load is complete.
    """

    fingerprint: Mapping[str, str | None]
    started: int
    attempt: TaskAttempt
    lanes: Mapping[Lane, LaneState] = field(default_factory=lambda: {lane: LaneState() for lane in _LANES})
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    unaccepted_parts: Mapping[str, int] = field(default_factory=dict)
    attempts: list[tuple[int, int]] = field(default_factory=list)
    duplicates_possible: bool = False
    complete: bool = False

    @property
    def touched(self) -> bool:
        """A record may have been sent."""
        return self.complete or any(lane.settled or lane.claimed for lane in self.lanes.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON value."""
        return {
            "version": _VERSION,
            "fingerprint": dict(self.fingerprint),
            "started": self.started,
            "series": self.attempt.series,
            "attempt_number": self.attempt.number,
            "run_began": self.attempt.run_began,
            "settled": {name: lane.settled.to_list() for name, lane in self.lanes.items()},
            "claimed": {name: lane.claimed.to_list() for name, lane in self.lanes.items()},
            "counts": dict(self.counts),
            "seconds": round(self.seconds, 1),
            "unaccepted_parts": dict(self.unaccepted_parts),
            "attempts": [list(attempt) for attempt in self.attempts],
            "duplicates_possible": self.duplicates_possible,
            "complete": self.complete,
        }

    @classmethod
    def read(cls, stored: object, location: str) -> LoadState:
        """Read the result of :meth:`to_dict`.

        :param location: where it is stored, for messages.
        :raises CannotResumeError: when it is anything else.
        """
        try:
            return cls._read(stored)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise CannotResumeError(
                f"The checkpoint of an earlier attempt cannot be read: {location}. Another version of this package may "
                "have written it, or it was edited. To start at row 1 regardless, remove it or set resume=False."
            ) from None

    @classmethod
    def _read(cls, stored: Any) -> LoadState:
        if stored["version"] != _VERSION:
            raise ValueError(stored["version"])
        return cls(
            fingerprint=dict(stored["fingerprint"]),
            started=int(stored["started"]),
            # Version 1 had the series alone at first.
            attempt=TaskAttempt(
                str(stored["series"]), int(stored.get("attempt_number", 0)), str(stored.get("run_began", ""))
            ),
            lanes={
                lane: LaneState(RowRanges(stored["settled"][lane]), RowRanges(stored["claimed"][lane]))
                for lane in _LANES
            },
            counts={str(name): int(count) for name, count in stored["counts"].items()},
            seconds=float(stored["seconds"]),
            unaccepted_parts={str(name): int(count) for name, count in stored["unaccepted_parts"].items()},
            # Version 1 had no attempts at first.
            attempts=[(int(row), int(began)) for row, began in stored.get("attempts", ())],
            duplicates_possible=bool(stored["duplicates_possible"]),
            complete=bool(stored["complete"]),
        )
