"""Translate the errors of file systems that a load reads from."""

from __future__ import annotations

import errno

from airflow_provider_clevertap.exceptions import CleverTapError, SourceError, StorageUnavailableError
from airflow_provider_clevertap.locations import without_credentials

_MAX_REASON_LENGTH = 200


def read_error(name: str, error: Exception) -> CleverTapError:
    """Translate an error of the storage into one of this package's; only transient failures stay retryable.

    :param name: the file, for the message.
    :param error: what the file system raised.
    """
    if isinstance(error, CleverTapError):
        return error
    reason = without_credentials(getattr(error, "strerror", None) or error).strip()
    reason = reason.partition("\n")[0][:_MAX_REASON_LENGTH]
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceError(f"{name}: there is no such file. Check the path, and that the file has been delivered.")
    if getattr(error, "errno", None) in (errno.ENAMETOOLONG, errno.ELOOP):
        return SourceError(f"{name}: no file can have this path ({reason}). Shorten or correct it.")
    if isinstance(error, IsADirectoryError):
        return directory_error(name)
    if isinstance(error, PermissionError):
        return SourceError(f"{name}: reading is not allowed ({reason}). Check the rights of the account Airflow uses.")
    if isinstance(error, ImportError | ValueError):
        return SourceError(f"{name}: this kind of storage cannot be read here ({reason}).")
    return StorageUnavailableError(
        f"{name}: the storage failed ({type(error).__name__}: {reason}). A later attempt may succeed."
    )


def directory_error(name: str) -> SourceError:
    """Return the error for a directory where a file was expected."""
    pattern = f"{name.rstrip('/')}/*.csv"
    return SourceError(f"{name}: this is a directory. Name the files in it with a pattern, such as {pattern}.")
