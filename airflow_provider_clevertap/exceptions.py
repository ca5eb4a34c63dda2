"""Every error this package raises, grouped by what the caller has to do.

::

    CleverTapError
    ├── FinalError                    a retry would meet the same wall: fix something first
    │   ├── ConfigurationError        an argument or the connection is wrong
    │   │   ├── UnknownRegionError    the region is missing or is not one CleverTap has
    │   │   └── MappingError          the columns cannot become CleverTap fields
    │   ├── SourceError               the source cannot be read (missing, truncated, wrong format)
    │   ├── AccessDeniedError         CleverTap refused the account, the passcode or the region
    │   ├── CannotResumeError         an earlier try was broken off, and this one is not of the same load
    │   └── TooManyRejectsError       more rows failed than ``max_rejects`` allows
    └── UnavailableError              the weather: the same load may succeed on a later try
        ├── StorageUnavailableError   the storage of the source or of the rejects failed
        └── CleverTapUnavailableError CleverTap could not be reached, or kept failing
            └── LoadStoppedError      the load was told to stop and stopped in good order
                └── SupersededError    another try of the same task has taken the load over

No message ever holds the passcode or a value of a row, nor a line end or anything a terminal would act upon: names of
files and columns may have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def escape_unprintable(text: object) -> str:
    """Write a name, or a text with names in it, for a message or a log: what does not print is escaped, as by ``repr``.

    Line ends would forge lines of a log, and control codes or marks of writing direction change what a reader sees.
    """
    plain = str(text)
    if plain.isprintable():
        return plain
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in plain)


class CleverTapError(Exception):
    """Base of every error this package raises."""

    def __str__(self) -> str:
        return escape_unprintable(super().__str__())


class FinalError(CleverTapError):
    """A retry would fail in the same way: Airflow must not retry the task."""


class ConfigurationError(FinalError):
    """An argument or a connection field is missing or wrong."""


class UnknownRegionError(ConfigurationError):
    """The region is missing, or is not one CleverTap has."""


class MappingError(ConfigurationError):
    """The source's columns cannot become CleverTap fields as asked."""


class SourceError(FinalError):
    """The source cannot be read: it is missing, damaged or not in the format it claims."""


class AccessDeniedError(FinalError):
    """CleverTap refused the request: wrong account id, passcode, region or rights."""


class CannotResumeError(FinalError):
    """An earlier try left a load unfinished that can be neither gone on with nor started again without harm."""


class TooManyRejectsError(FinalError):
    """More rows failed than ``max_rejects`` allows; everything loadable was loaded.

    :param message: what happened and where the rejects are.
    :param summary: the finished load's summary, as in XCom.
    """

    def __init__(self, message: str, summary: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.summary = summary


class UnavailableError(CleverTapError):
    """Something failed that may work later: Airflow may retry the task."""


class StorageUnavailableError(UnavailableError):
    """The storage that holds the source, or is to hold the rejects file, failed."""


class CleverTapUnavailableError(UnavailableError):
    """CleverTap could not be reached, or kept answering with errors, until the retry budget ended."""


class LoadStoppedError(CleverTapUnavailableError):
    """The load was told to stop; what was in flight was settled first."""


class SupersededError(LoadStoppedError):
    """Another try of the same task has taken the load over, so this one stops. It must not go on with it."""
