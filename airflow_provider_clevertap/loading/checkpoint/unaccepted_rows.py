"""The verdicts of CleverTap, and the rows held back: what no later try of a load could find out again.

They are kept in parts, each an object of JSON Lines. A part is written anew as it grows, until it is full. Each try has
names of its own for its parts: one that is still at work while the next has begun must not write over the other's.
CleverTap's own words are not kept: they may quote the row, and what is in rows goes into the rejects file alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import numpy as np

from airflow_provider_clevertap.exceptions import CannotResumeError, StorageUnavailableError
from airflow_provider_clevertap.loading.outcomes.outcome import HELD_BACK, INTERRUPTED, Outcome, RowOutcome
from airflow_provider_clevertap.records.error_codes import ERROR_CODES

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore

#: Verdicts in one part: what is written again and again until it is full.
_PART_LINES: Final = 5_000


class UnacceptedRows:
    """Verdicts on rows by their ordinals: those of earlier tries to look up, those of this one to keep.

    :param store: where the parts go.
    :param parts: how many there are of each earlier try.
    :param read: gives the text of a part by its name, ``None`` for one that is gone.
    :raises StorageUnavailableError: when one is gone.
    :raises CannotResumeError: when one is not what was written.
    """

    def __init__(
        self, store: CheckpointStore, parts: Mapping[str, int], read: Callable[[str], str | None] | None = None
    ) -> None:
        self._store = store
        self.parts = dict(parts)
        self._own = uuid4().hex[:8]
        self._lines: list[str] = []
        self._unsaved: dict[str, list[str]] = {}
        found = dict(self._read(read or store.read_part))
        self._ordinals = np.array(sorted(found), np.int64)
        self._verdicts = [found[ordinal] for ordinal in self._ordinals.tolist()]

    def of(self, start: int, stop: int) -> dict[int, RowOutcome]:
        """Give the verdicts of earlier tries on the rows from ``start`` up to ``stop``, by their ordinals."""
        first, last = np.searchsorted(self._ordinals, [start, stop]).tolist()
        return dict(zip(self._ordinals[first:last].tolist(), self._verdicts[first:last], strict=True))

    def add(self, ordinal: int, verdict: RowOutcome) -> None:
        """Take up the verdict on a row."""
        if not self._lines or len(self._lines) >= _PART_LINES:
            self._lines = []
            self.parts[self._own] = self.parts.get(self._own, 0) + 1
        held_back = verdict.reason.endswith(HELD_BACK)
        kept = [ordinal, verdict.outcome.value, verdict.code, verdict.field, held_back]
        self._lines.append(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._unsaved[_name(self._own, self.parts[self._own])] = self._lines

    def save(self) -> None:
        """Make durable what was added."""
        for name, lines in list(self._unsaved.items()):
            self._store.write_part(name, "".join(lines))
            del self._unsaved[name]

    def _read(self, read: Callable[[str], str | None]) -> Iterator[tuple[int, RowOutcome]]:
        alike: dict[RowOutcome, RowOutcome] = {}  # most verdicts are one of a few, and there may be millions
        for name in [_name(attempt, number) for attempt in self.parts for number in range(1, self.parts[attempt] + 1)]:
            part = read(name)
            if part is None:
                raise StorageUnavailableError(
                    f"What CleverTap refused in an earlier try is not to be found any more (part {name} of the "
                    "refusals). Where tasks run on several machines, artifacts_path must be storage that all of them "
                    "share."
                )
            for line in part.split("\n")[:-1]:
                try:
                    ordinal, verdict = _verdict(json.loads(line))
                except (TypeError, ValueError):
                    raise CannotResumeError(
                        f"What CleverTap refused in an earlier try cannot be read (part {name} of the refusals): it "
                        "was edited. To start at row 1 regardless, set resume=False."
                    ) from None
                yield ordinal, alike.setdefault(verdict, verdict)


def _name(attempt: str, number: int) -> str:
    return f"{attempt}-{number:04}"


def _verdict(kept: list[Any]) -> tuple[int, RowOutcome]:
    ordinal, outcome, code, column, held_back = kept
    reason = _reason(Outcome(outcome), code) + (HELD_BACK if held_back else "")
    return int(ordinal), RowOutcome(Outcome(outcome), code, column, reason)


def _reason(outcome: Outcome, code: int | None) -> str:
    """Say anew why a row was not accepted in an earlier try."""
    if outcome is Outcome.UNCONFIRMED:
        return INTERRUPTED
    known = ERROR_CODES.get(code or 0)
    return f"CleverTap refused it in an earlier try{f': {known.meaning}; {known.fix}' if known else ''}"
