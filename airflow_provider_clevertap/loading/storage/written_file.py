"""A text file that knows how much of what it was given is on the disk.

Python's own text files drop what they hold when a write fails, and the next flush has nothing to write: a full disk
then ends in a short file and no error. Here what could not be written is kept, and written before anything else.
"""

from __future__ import annotations

import errno
import io
import os
from typing import Final

_BUFFER_BYTES: Final = 64 * 1024


class WrittenFile:
    """Writes text as UTF-8.

    :param raw: an unbuffered binary file, at its start; it is closed with this one.
    """

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._pending = bytearray()
        #: bytes given so far
        self.size = 0

    def write(self, text: str) -> int:
        """Take text up; it is written now or later.

        :raises OSError: when it cannot be written. It is kept, and a later call writes it.
        """
        encoded = text.encode("utf-8", "backslashreplace")
        self._pending += encoded
        self.size += len(encoded)
        if len(self._pending) >= _BUFFER_BYTES:
            self._write_pending()
        return len(text)

    def sync(self) -> None:
        """Write everything and see that the disk has it.

        :raises OSError: when it cannot be written, or the file is not as long as what was given.
        """
        self._write_pending()
        os.fsync(self._raw.fileno())
        self.check(os.fstat(self._raw.fileno()).st_size)

    def check(self, found: int) -> None:
        """Compare the bytes found somewhere with those that were given.

        :raises OSError: when they are not as many.
        """
        if found != self.size:
            raise OSError(errno.EIO, f"{found} bytes are there of {self.size}")

    def read_back(self) -> io.TextIOWrapper:
        """Open what was written for reading, from its start; call :meth:`sync` first, and write no more.

        Closing what is returned leaves this file open.
        """
        self._raw.seek(0)
        return io.TextIOWrapper(io.FileIO(os.dup(self._raw.fileno()), "r"), encoding="utf-8", newline="")

    def copy_bytes(self) -> io.BufferedReader:
        """Open what was written for reading as bytes, as :meth:`read_back` does."""
        self._raw.seek(0)
        return io.BufferedReader(io.FileIO(os.dup(self._raw.fileno()), "r"))

    def close(self) -> None:
        """Close the file, whatever is still to be written.

        :raises OSError: when the system says so only now, as network file systems may.
        """
        self._pending.clear()
        self._raw.close()

    def _write_pending(self) -> None:
        while self._pending:
            written = self._raw.write(self._pending)
            del self._pending[: written or 0]
