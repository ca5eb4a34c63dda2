"""The outcomes of rows that were not accepted, stored with the checkpoint: a later attempt cannot determine them again.

They are stored in parts, each a JSON Lines file. A part is rewritten as it grows, until it is full. Each attempt has
its own names for its parts: an attempt that still runs after the next one has begun must not overwrite the other's
parts. CleverTap's own messages are not stored: they may quote values of the row, and these belong in the rejects file
only.
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

#: Rows in one part. Each save rewrites the last part, so it must stay small.
_PART_LINES: Final = 5_000


class UnacceptedRows:
    """Outcomes of rows by their ordinals: reads those of earlier attempts, stores those of this one.

    :param store: the storage of the parts.
    :param parts: the number of parts of each earlier attempt.
    :param read: returns the text of a part by its name, ``None`` when it is missing; by default the store's.
    :raises StorageUnavailableError: when a part is missing.
    :raises CannotResumeError: when a part cannot be parsed.
    """

    def __init__(
        self, store: CheckpointStore, parts: Mapping[str, int], read: Callable[[str], str | None] | None = None
    ) -> None:
        self._store = store
        self.parts = dict(parts)
        self._attempt = uuid4().hex[:8]
        self._lines: list[str] = []
        self._unsaved: dict[str, list[str]] = {}
        earlier = dict(self._read(read or store.read_part))
        self._ordinals = np.array(sorted(earlier), np.int64)
        self._outcomes = [earlier[ordinal] for ordinal in self._ordinals.tolist()]

    def between(self, start: int, stop: int) -> dict[int, RowOutcome]:
        """Return the outcomes in earlier attempts of the rows from ``start`` up to ``stop``, by their ordinals."""
        first, last = np.searchsorted(self._ordinals, [start, stop]).tolist()
        return dict(zip(self._ordinals[first:last].tolist(), self._outcomes[first:last], strict=True))

    def add(self, ordinal: int, outcome: RowOutcome) -> None:
        """Add the outcome of a row."""
        if not self._lines or len(self._lines) >= _PART_LINES:
            self._lines = []
            self.parts[self._attempt] = self.parts.get(self._attempt, 0) + 1
        held_back = outcome.reason.endswith(HELD_BACK)
        values = [ordinal, outcome.outcome.value, outcome.code, outcome.field, held_back]
        self._lines.append(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._unsaved[_part_name(self._attempt, self.parts[self._attempt])] = self._lines

    def save(self) -> None:
        """Store what was added."""
        for name, lines in list(self._unsaved.items()):
            self._store.write_part(name, "".join(lines))
            del self._unsaved[name]

    def _read(self, read: Callable[[str], str | None]) -> Iterator[tuple[int, RowOutcome]]:
        shared: dict[
            RowOutcome, RowOutcome
        ] = {}  # millions of rows may have one of a few outcomes: one object for each
        names = [_part_name(attempt, number) for attempt, count in self.parts.items() for number in range(1, count + 1)]
        for name in names:
            part = read(name)
            if part is None:
                raise StorageUnavailableError(
                    f"Part {name} of the rows that were not accepted in an earlier attempt is missing. Where tasks run "
                    "on several machines, artifacts_path must be storage that all of them share."
                )
            for line in part.split("\n")[:-1]:
                try:
                    ordinal, outcome = _parse(json.loads(line))
                except (TypeError, ValueError):
                    raise CannotResumeError(
                        f"Part {name} of the rows that were not accepted in an earlier attempt cannot be read: it was "
                        "edited. To start at row 1 regardless, set resume=False."
                    ) from None
                yield ordinal, shared.setdefault(outcome, outcome)


def _part_name(attempt: str, number: int) -> str:
    return f"{attempt}-{number:04}"


def _parse(values: list[Any]) -> tuple[int, RowOutcome]:
    ordinal, outcome, code, column, held_back = values
    reason = _reason(Outcome(outcome), code) + (HELD_BACK if held_back else "")
    return int(ordinal), RowOutcome(Outcome(outcome), code, column, reason)


def _reason(outcome: Outcome, code: int | None) -> str:
    """Return a reason for the outcome of a row in an earlier attempt, from its code."""
    if outcome is Outcome.UNCONFIRMED:
        return INTERRUPTED
    known = ERROR_CODES.get(code or 0)
    return f"CleverTap rejected it in an earlier attempt{f': {known.meaning}; {known.fix}' if known else ''}"
