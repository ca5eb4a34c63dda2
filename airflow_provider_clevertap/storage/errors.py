"""Translate the errors of file systems that a load writes to."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, StorageUnavailableError

TOO_LONG: Final = (
    "the path, or a name in it, is longer than the file system allows. Shorten output, rejects_path or artifacts_path."
)

_VERBS: Final = {"written": "write", "read": "read"}


@contextmanager
def storage_errors(name: str, done: str = "written") -> Iterator[None]:
    """Translate errors of the storage into this package's; only transient failures stay retryable.

    :param name: the file, for the message.
    :param done: what is done with it, also for the message: ``written`` or ``read``.
    :raises ConfigurationError: when the file can never be written there.
    :raises StorageUnavailableError: when a later attempt may succeed.
    """
    try:
        yield
    except CleverTapError:
        raise
    except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError, ImportError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{name} cannot be {done}: {problem}. Check the path, and who may {_VERBS[done]} there."
        ) from None
    except Exception as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise ConfigurationError(f"{name} cannot be {done}: {TOO_LONG}") from None
        raise StorageUnavailableError(f"{name} was not {done}: {describe_error(error)}") from None


def describe_error(error: Exception) -> str:
    """Return the type of an error, and the operating system's message if it has one.

    Messages of other libraries are left out: they may hold data.
    """
    message = getattr(error, "strerror", None)
    return type(error).__name__ + (f", {message}" if isinstance(message, str) else "")
