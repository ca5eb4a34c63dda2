"""What became of a row: the words every part of a load uses for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

#: Added to the reason of a row whose event waited for a profile update that was not accepted.
HELD_BACK: Final = " (this is about the profile update; the event was not sent)"
#: Why a row is unconfirmed of which only an earlier try could have known more.
INTERRUPTED: Final = (
    "it may or may not have been processed: an earlier try got no clear answer, or was broken off while it may have "
    "been on its way"
)


class Outcome(StrEnum):
    """What became of a row. Every row ends in exactly one of these."""

    ACCEPTED = "accepted"
    #: CleverTap refused it, with a code
    REJECTED = "rejected"
    #: our rules refused it; it was never sent
    INVALID = "invalid"
    #: it may or may not have been processed, and the load was told not to send it twice
    UNCONFIRMED = "unconfirmed"
    #: an empty row
    SKIPPED = "skipped"


class RowOutcome(NamedTuple):
    """The outcome of one row, and why.

    :param outcome: what became of the row.
    :param code: CleverTap's error code, where one fits.
    :param field: the source column (or CleverTap field) at fault, where one is known.
    :param reason: what is wrong and how to mend it.
    :param values_dropped: bad values left out of a row that was sent without them.
    """

    outcome: Outcome
    code: int | None = None
    field: str = ""
    reason: str = ""
    values_dropped: int = 0
