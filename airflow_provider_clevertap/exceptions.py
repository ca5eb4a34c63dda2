"""Every error this package raises, grouped by what the caller has to do.

::

    CleverTapError
    ├── FinalError                    will not succeed on retry: fix something first
    │   ├── ConfigurationError        an argument or the connection is wrong
    │   │   ├── UnknownRegionError    the region is missing or is not one of CleverTap's
    │   │   └── MappingError          the columns cannot become CleverTap fields
    │   ├── SourceError               the source cannot be read (missing, truncated, wrong format)
    │   ├── AccessDeniedError         CleverTap rejected the account, the passcode or the region
    │   ├── CannotResumeError         an earlier attempt was interrupted, and this attempt cannot resume it
    │   ├── TooManyRejectsError       more rows failed than ``max_rejects`` allows
    │   └── ExportError               CleverTap's answers to an export cannot be used
    │       └── NotExportableError    CleverTap does not export this event
    └── UnavailableError              transient: the same load or export may succeed later
        ├── StorageUnavailableError   the storage of the source or of the rejects file failed
        └── CleverTapUnavailableError CleverTap could not be reached, or kept failing
            ├── IncompleteExportError an export has fewer or more rows than CleverTap counts
            ├── CursorExpiredError    CleverTap no longer knows the cursor of an export
            └── LoadStoppedError      the load or export was stopped, after the requests in flight had finished
                └── SupersededError   another attempt of the same task has taken over the load

Messages never contain the passcode or a cell's value. Names of files and columns may contain line ends or terminal
control codes, so every message is passed through :func:`escape_unprintable`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = [
    "AccessDeniedError",
    "CannotResumeError",
    "CleverTapError",
    "CleverTapUnavailableError",
    "ConfigurationError",
    "CursorExpiredError",
    "ExportError",
    "FinalError",
    "IncompleteExportError",
    "LoadStoppedError",
    "MappingError",
    "NotExportableError",
    "SourceError",
    "StorageUnavailableError",
    "SupersededError",
    "TooManyRejectsError",
    "UnavailableError",
    "UnknownRegionError",
]


def escape_unprintable(text: object) -> str:
    """Return text for a message or a log, with unprintable characters escaped as by ``repr``.

    Line ends could forge lines of a log. Control codes and marks of writing direction change what a reader sees.
    """
    string = str(text)
    if string.isprintable():
        return string
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in string)


class CleverTapError(Exception):
    """Base of every error this package raises."""

    def __str__(self) -> str:
        return escape_unprintable(super().__str__())


class FinalError(CleverTapError):
    """A retry would fail in the same way: Airflow must not retry the task."""


class ConfigurationError(FinalError):
    """An argument or a connection field is missing or wrong."""


class UnknownRegionError(ConfigurationError):
    """The region is missing, or is not one of CleverTap's."""


class MappingError(ConfigurationError):
    """The source's columns cannot become CleverTap fields as configured."""


class SourceError(FinalError):
    """The source cannot be read: it is missing, damaged or not in the expected format."""


class AccessDeniedError(FinalError):
    """CleverTap rejected the request: wrong account id, passcode, region or rights.

    :param message: what CleverTap answered and what to check.
    :param http_status: the HTTP status, or the status that CleverTap put into an answer with HTTP 200; ``None`` when
        the error does not come from an answer.
    """

    def __init__(self, message: str, *, http_status: int | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status


class CannotResumeError(FinalError):
    """An earlier attempt left a load unfinished, which can be neither resumed nor safely started again."""


class TooManyRejectsError(FinalError):
    """More rows failed than ``max_rejects`` allows; all other rows were loaded.

    :param message: what happened, the most frequent reasons, and where the rejects are, each in a line of its own.
    :param summary: the finished load's summary, as in XCom.
    """

    def __init__(self, message: str, summary: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.summary = summary

    def __str__(self) -> str:
        return "\n".join(map(escape_unprintable, str(self.args[0]).split("\n")))


class ExportError(FinalError):
    """CleverTap's answers to an export contradict each other or themselves, so that it cannot be complete."""


class NotExportableError(ExportError):
    """CleverTap does not export this event: it belongs to a notification."""


class UnavailableError(CleverTapError):
    """A transient failure: Airflow may retry the task."""


class StorageUnavailableError(UnavailableError):
    """The storage of the source or of the load's own files failed."""


class CleverTapUnavailableError(UnavailableError):
    """CleverTap could not be reached, or kept answering with errors until the retry limit was reached.

    :param message: what failed.
    :param http_status: the HTTP status of the last answer, ``None`` when no answer arrived.
    :param retry_after: the seconds CleverTap asked to wait, ``None`` when it named no time.
    """

    def __init__(self, message: str, *, http_status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.retry_after = retry_after


class IncompleteExportError(CleverTapUnavailableError):
    """An export has another number of rows than CleverTap counts. What was exported before is unchanged."""


class CursorExpiredError(CleverTapUnavailableError):
    """CleverTap no longer knows the cursor of an export, so that the export has to start again."""


class LoadStoppedError(CleverTapUnavailableError):
    """The load or export was stopped; the requests in flight of a load were finished first."""


class SupersededError(LoadStoppedError):
    """Another attempt of the same task has taken over the load, so this attempt stops and must not resume it."""
