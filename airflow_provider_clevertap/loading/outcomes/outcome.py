"""The outcomes of rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

#: Added to the reason of a row whose event was not sent because its profile update was not accepted.
HELD_BACK: Final = " (this is about the profile update; the event was not sent)"
#: The reason of an unconfirmed row whose details only an earlier attempt knew.
INTERRUPTED: Final = (
    "it may or may not have been processed: an earlier attempt got no clear answer, or was interrupted while it may "
    "have been in flight"
)


class Outcome(StrEnum):
    """The outcome of a row. Every row gets exactly one."""

    ACCEPTED = "accepted"
    #: CleverTap rejected it, with a code
    REJECTED = "rejected"
    #: it breaks a rule that this package checks, and was never sent
    INVALID = "invalid"
    #: it may or may not have been processed, and the load is configured not to send it twice
    UNCONFIRMED = "unconfirmed"
    #: an empty row
    SKIPPED = "skipped"


class Reason(NamedTuple):
    """One thing wrong with a row, in words that many rows share: it holds no value and no number of a row.

    :param column: the source column (or CleverTap field) with the issue, empty for the whole row.
    :param code: CleverTap's error code, if one fits.
    :param text: what is wrong and how to fix it.
    """

    column: str
    code: int | None
    text: str


class RowOutcome(NamedTuple):
    """The outcome of one row, and the reason.

    :param outcome: the outcome.
    :param code: CleverTap's error code, if one fits.
    :param field: the source column (or CleverTap field) with the issue, if it is known.
    :param reason: what is wrong and how to fix it.
    :param values_dropped: how many bad values were left out of a row that was sent without them.
    :param reasons: the reason as rows are counted by it, where it is more than one or differs from row to row.
    """

    outcome: Outcome
    code: int | None = None
    field: str = ""
    reason: str = ""
    values_dropped: int = 0
    reasons: tuple[Reason, ...] = ()


#: The outcome of an empty row.
EMPTY_ROW: Final = RowOutcome(Outcome.SKIPPED, reason="every cell of the row is empty")
