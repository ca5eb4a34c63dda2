"""What of a load must survive the process: which rows are settled, which may have been sent. A few hundred bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_provider_clevertap.exceptions import CannotResumeError
from airflow_provider_clevertap.loading.checkpoint.row_ranges import RowRanges
from airflow_provider_clevertap.loading.delivery.batches import Lane

_VERSION: Final = 1
_LANES: Final[tuple[Lane, ...]] = ("main", "profile")


@dataclass(slots=True)
class LaneState:
    """The rows of one sequence of batches, by their ordinals, counted through the whole source from 0.

    :param settled: their records have an outcome.
    :param claimed: their records may have been sent, and what became of them is not known.
    """

    settled: RowRanges = field(default_factory=RowRanges)
    claimed: RowRanges = field(default_factory=RowRanges)


@dataclass(slots=True)
class LoadState:
    """The state of one load.

    :param fingerprint: what must be the same for the load to be gone on with, as hashes, by what a person calls it.
    :param started: when the first try began, seconds since 1970. Events of that moment keep its time.
    :param series: the tries that Airflow makes by itself; a person who clears the task begins another series.
    :param lanes: the rows.
    :param counts: of the summary: what cannot be counted again.
    :param seconds: how long the tries so far took.
    :param refused_parts: how many parts of refusals there are of each try, see ``Refusals``.
    :param harmful: records were claimed that must not be sent twice.
    :param complete: every row is settled.
    """

    fingerprint: Mapping[str, str | None]
    started: int
    series: str
    lanes: Mapping[Lane, LaneState] = field(default_factory=lambda: {lane: LaneState() for lane in _LANES})
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    refused_parts: Mapping[str, int] = field(default_factory=dict)
    harmful: bool = False
    complete: bool = False

    @property
    def touched(self) -> bool:
        """Tell whether a record may have been sent."""
        return self.complete or any(lane.settled or lane.claimed for lane in self.lanes.values())

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON can hold it."""
        return {
            "version": _VERSION,
            "fingerprint": dict(self.fingerprint),
            "started": self.started,
            "series": self.series,
            "settled": {name: lane.settled.to_list() for name, lane in self.lanes.items()},
            "claimed": {name: lane.claimed.to_list() for name, lane in self.lanes.items()},
            "counts": dict(self.counts),
            "seconds": round(self.seconds, 1),
            "refused_parts": dict(self.refused_parts),
            "harmful": self.harmful,
            "complete": self.complete,
        }

    @classmethod
    def read(cls, stored: object, where: str) -> LoadState:
        """Read what :meth:`to_dict` gave.

        :param where: the name of its place.
        :raises CannotResumeError: when it is anything else.
        """
        try:
            return cls._read(stored)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise CannotResumeError(
                f"The checkpoint of an earlier try cannot be read: {where}. Another version of this package may have "
                "written it, or it was edited. To start at row 1 regardless, remove it or set resume=False."
            ) from None

    @classmethod
    def _read(cls, stored: Any) -> LoadState:
        if stored["version"] != _VERSION:
            raise ValueError(stored["version"])
        return cls(
            fingerprint=dict(stored["fingerprint"]),
            started=int(stored["started"]),
            series=str(stored["series"]),
            lanes={
                lane: LaneState(RowRanges(stored["settled"][lane]), RowRanges(stored["claimed"][lane]))
                for lane in _LANES
            },
            counts={str(name): int(count) for name, count in stored["counts"].items()},
            seconds=float(stored["seconds"]),
            refused_parts={str(name): int(count) for name, count in stored["refused_parts"].items()},
            harmful=bool(stored["harmful"]),
            complete=bool(stored["complete"]),
        )
