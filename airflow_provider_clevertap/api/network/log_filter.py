"""Keep the passcode out of the debug log of httpcore.

httpcore logs the headers of responses at debug level, and a server could repeat the passcode in one. httpx logs
requests, with their whole URL, only in its own client, which this package does not use.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

#: A filter of a logger is not applied to the loggers below it, so each of them needs it. httpcore has another one for
#: HTTP/2, which is never negotiated here.
_LOGGERS = ("httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")

_current = threading.local()


class _PasscodeFilter(logging.Filter):
    """Replaces the passcode in log lines about this package's requests; other lines are not changed."""

    def filter(self, record: logging.LogRecord) -> bool:
        secret: re.Pattern[str] | None = getattr(_current, "secret", None)
        if secret is None:
            return True
        line = record.getMessage()
        if secret.search(line):
            record.msg, record.args = secret.sub("***", line), ()
        return True


_FILTER = _PasscodeFilter()


def install_filter() -> None:
    """Add the filter to the loggers of httpcore. Calling it again has no effect."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


@contextmanager
def hide_secret(secret: re.Pattern[str]) -> Iterator[None]:
    """Replace what ``secret`` matches in the lines that httpcore logs for this thread's requests."""
    _current.secret = secret
    try:
        yield
    finally:
        _current.secret = None
