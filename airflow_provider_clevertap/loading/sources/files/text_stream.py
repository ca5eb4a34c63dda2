"""A text file as a stream of UTF-8 bytes: decompressed, transcoded, without its byte order mark."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, SourceError
from airflow_provider_clevertap.loading.sources.files.discovery import SourceFile

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY_STARTS = {
    _GZIP: "is compressed with gzip: add .gz to its name",
    _ZSTD: "is compressed with Zstandard: add .zst to its name",
    b"PAR1": "is a Parquet file: name it .parquet, or use ParquetSource(path)",
    b"PK\x03\x04": "is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV",
    b"BZh": "is compressed with bzip2: compress it with gzip or Zstandard instead",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook: save the sheet as CSV",
}
_MARKUP_STARTS = (b"<!doctype", b"<html", b"<?xml")
_HEAD_BYTES = 64 * 1024


def check_encoding(encoding: str) -> str:
    """Give an encoding its usual name.

    :raises ConfigurationError: when Python knows no such text encoding.
    """
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, TypeError, ValueError):
        raise ConfigurationError(
            f"encoding={encoding!r} is not a text encoding Python knows. "
            "Usual ones are 'utf-8', 'cp1252', 'latin-1' and 'utf-16'."
        ) from None


class TextStream:
    """The text of one file as UTF-8 bytes.

    Bytes the declared encoding does not know are passed on as they are. They are not valid UTF-8, so whoever reads
    the rows finds the row they are in.

    :param file: the file to read; its ``bytes_read`` is kept up to date.
    :param encoding: what the file is written in, as :func:`check_encoding` names it.
    :raises SourceError: when the file cannot be opened, is empty, or plainly is not text in this encoding.
    """

    def __init__(self, file: SourceFile, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._stored = file.open()
        self._plain_read = self._opened()
        utf8 = encoding in ("utf-8", "utf-8-sig")
        self._decode = None if utf8 else codecs.getincrementaldecoder(encoding)("surrogateescape").decode
        self._ahead = b""
        try:
            self._ahead = self._checked_head()
        except BaseException:
            self.close()
            raise

    def read(self, size: int) -> bytes:
        """Read on; nothing but the end of the file gives no bytes.

        :param size: how many bytes of the decompressed file to take, as exactly as the file allows, so that the
            same file always comes in the same pieces.
        """
        if self._decode is None:
            ahead, self._ahead = self._ahead[:size], self._ahead[size:]
            return ahead + self._plain(size - len(ahead)) if len(ahead) < size else ahead
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        while True:
            stored = self._plain(size)
            text = self._transcoded(stored)
            if text or not stored:
                return text

    def close(self) -> None:
        """Close the file."""
        self._stored.close()

    def _opened(self) -> Callable[[int], bytes]:
        if self._file.compression == ".gz":
            return gzip.GzipFile(fileobj=self._stored, mode="rb").read
        if self._file.compression == ".zst":
            import pyarrow as pa

            stream = pa.CompressedInputStream(pa.PythonFile(self._stored, mode="r"), "zstd")
            return stream.read  # type: ignore[no-any-return]
        return self._stored.read

    def _checked_head(self) -> bytes:
        head = self._plain(_HEAD_BYTES)
        if not head:
            raise SourceError(
                f"{self._file.name}: the file is empty (no bytes). If there is nothing to load, write the header "
                "alone, or skip the task; else look at what writes the file."
            )
        for start, advice in _BINARY_STARTS.items():
            if head.startswith(start):
                raise SourceError(f"{self._file.name}: this is not a text file, it {advice}.")
        if self._decode is None:
            self._check_utf8_head(head)
        head = self._transcoded(head)
        head = head.removeprefix(codecs.BOM_UTF8)
        if head[:512].lstrip().lower().startswith(_MARKUP_STARTS):
            raise SourceError(
                f"{self._file.name}: this is a web page or XML, perhaps a sign-in or error page saved in place of "
                "the file. Fetch the file again."
            )
        return head

    def _check_utf8_head(self, head: bytes) -> None:
        if head.startswith(_UTF16_MARKS):
            raise SourceError(f"{self._file.name}: the file is UTF-16. Say so with encoding='utf-16'.")
        # UTF-16 has them in the first line already; further on, a cell of a real text may hold one
        if b"\0" in head[:4096].partition(b"\n")[0]:
            raise SourceError(
                f"{self._file.name}: this is not a UTF-8 text file, it holds NUL bytes. If it is UTF-16, say so "
                "with encoding='utf-16-le' or 'utf-16-be'; else it is some other format than its name says."
            )

    def _plain(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0:
            part = self._next_part(size)
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next_part(self, size: int) -> bytes:
        try:
            return self._plain_read(size)
        except CleverTapError:
            raise
        except EOFError:
            raise self._damaged("ends too early: it was cut off while it was written or copied") from None
        except (OSError, zlib.error) as error:
            cut_off = "truncated" in str(error).lower()
            problem = "ends too early: it was cut off while it was written or copied" if cut_off else "is damaged"
            raise self._damaged(problem) from None

    def _damaged(self, problem: str) -> SourceError:
        kind = {".gz": "gzip", ".zst": "Zstandard"}[self._file.compression]
        if not self._stored.first_bytes.startswith({".gz": _GZIP, ".zst": _ZSTD}[self._file.compression]):
            return SourceError(
                f"{self._file.name}: this is not {kind} data, although its name says so. Rename the file."
            )
        return SourceError(f"{self._file.name}: the {kind} data {problem}. Fetch the file again.")

    def _transcoded(self, stored: bytes) -> bytes:
        if self._decode is None:
            return stored
        try:
            return self._decode(stored, not stored).encode("utf-8", "surrogateescape")
        except UnicodeError:
            raise SourceError(
                f"{self._file.name}: the file is not {self._encoding}: after {self._file.bytes_read:,} bytes or "
                "before, there are bytes this encoding cannot hold. Set the encoding the file is written in."
            ) from None
