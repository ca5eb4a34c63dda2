"""A file that tracks how much of the text or the bytes given to it has reached the disk.

Python's own text files drop their buffer when a write fails, and the next flush has nothing to write: a full disk then
leaves a short file and raises no error. Here, text that could not be written stays in the buffer and is written before
anything else.
"""

from __future__ import annotations

import errno
import io
import os
from typing import Final

_BUFFER_BYTES: Final = 64 * 1024


class WrittenFile:
    """Writes text as UTF-8, or bytes.

    :param raw: an unbuffered binary file, at its start; it is closed with this one.
    """

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._pending = bytearray()
        #: bytes given so far
        self.size = 0

    def write(self, text: str) -> int:
        """Add text; it reaches the disk now or with a later call.

        :raises OSError: when writing fails. The text is kept, and a later call writes it.
        """
        self.write_bytes(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def write_bytes(self, data: bytes | memoryview) -> int:
        """Add bytes; they reach the disk now or with a later call.

        :raises OSError: when writing fails. The bytes are kept, and a later call writes them.
        """
        self._pending += data
        self.size += len(data)
        if len(self._pending) >= _BUFFER_BYTES:
            self._write_pending()
        return len(data)

    def sync(self) -> None:
        """Write everything and wait until the disk has it.

        :raises OSError: when writing fails, or the file is not as long as the text given.
        """
        self._write_pending()
        os.fsync(self._raw.fileno())
        self.check(os.fstat(self._raw.fileno()).st_size)

    def check(self, stored_bytes: int) -> None:
        """Compare the size of a stored copy with the size of the text given.

        :raises OSError: when they differ.
        """
        if stored_bytes != self.size:
            raise OSError(errno.EIO, f"{stored_bytes} of {self.size} bytes were written")

    def read_back(self) -> io.TextIOWrapper:
        """Open the written text for reading, from its start; call :meth:`sync` first, and write no more.

        Closing the returned reader leaves this file open.
        """
        self._raw.seek(0)
        return io.TextIOWrapper(io.FileIO(os.dup(self._raw.fileno()), "r"), encoding="utf-8", newline="")

    def copy_bytes(self) -> io.BufferedReader:
        """Open the written text for reading as bytes, as :meth:`read_back` does."""
        self._raw.seek(0)
        return io.BufferedReader(io.FileIO(os.dup(self._raw.fileno()), "r"))

    def close(self) -> None:
        """Close the file and drop what has not been written.

        :raises OSError: when the system reports a failed write only now, as network file systems may.
        """
        self._pending.clear()
        self._raw.close()

    def _write_pending(self) -> None:
        while self._pending:
            written = self._raw.write(self._pending)
            del self._pending[: written or 0]
