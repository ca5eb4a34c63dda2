"""Read a text file as UTF-8 bytes: decompressed, transcoded, and without its byte order mark."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable

from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, SourceError
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile

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
_ENDS_EARLY = "ends too early: it was truncated while it was written or copied"


def check_encoding(encoding: str) -> str:
    """Return the usual name of an encoding.

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

    Bytes that are invalid in the declared encoding are passed on unchanged. They are not valid UTF-8 either, so the
    reader of the rows can report the row they are in.

    :param file: the file to read; its ``bytes_read`` is kept up to date.
    :param encoding: the file's encoding, as :func:`check_encoding` returns it.
    :raises SourceError: when the file cannot be opened, is empty, or is evidently not text in this encoding.
    """

    def __init__(self, file: SourceFile, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._stored = file.open()
        self._read_decompressed = self._decompressor()
        utf8 = encoding in ("utf-8", "utf-8-sig")
        self._decode = None if utf8 else codecs.getincrementaldecoder(encoding)("surrogateescape").decode
        self._head = b""
        try:
            self._head = self._read_head()
        except BaseException:
            self.close()
            raise

    def read(self, size: int) -> bytes:
        """Read the next bytes; only the end of the file returns none.

        :param size: how many bytes of the decompressed file to take. Exactly as many are taken unless the file ends,
            so that the same file is always read in the same pieces.
        """
        if self._decode is None:
            head, self._head = self._head[:size], self._head[size:]
            return head + self._take(size - len(head)) if len(head) < size else head
        if self._head:
            head, self._head = self._head, b""
            return head
        while True:
            encoded = self._take(size)
            text = self._transcode(encoded)
            if text or not encoded:
                return text

    def close(self) -> None:
        """Close the file."""
        self._stored.close()

    def _decompressor(self) -> Callable[[int], bytes]:
        if self._file.compression == ".gz":
            return gzip.GzipFile(fileobj=self._stored, mode="rb").read
        if self._file.compression == ".zst":
            import pyarrow as pa

            stream = pa.CompressedInputStream(pa.PythonFile(self._stored, mode="r"), "zstd")
            return stream.read  # type: ignore[no-any-return]
        return self._stored.read

    def _read_head(self) -> bytes:
        """Read the start of the file, and check that it is text in the declared encoding."""
        head = self._take(_HEAD_BYTES)
        if not head:
            raise SourceError(
                f"{self._file.name}: the file is empty (no bytes). If there is nothing to load, write only the "
                "header, or skip the task; otherwise check what writes the file."
            )
        for start, advice in _BINARY_STARTS.items():
            if head.startswith(start):
                raise SourceError(f"{self._file.name}: this is not a text file, it {advice}.")
        if self._decode is None:
            self._check_utf8_head(head)
        head = self._transcode(head)
        head = head.removeprefix(codecs.BOM_UTF8)
        if head[:512].lstrip().lower().startswith(_MARKUP_STARTS):
            raise SourceError(
                f"{self._file.name}: this is a web page or XML, perhaps a sign-in or error page saved instead of "
                "the file. Fetch the file again."
            )
        return head

    def _check_utf8_head(self, head: bytes) -> None:
        if head.startswith(_UTF16_MARKS):
            raise SourceError(f"{self._file.name}: the file is UTF-16. Set encoding='utf-16'.")
        # UTF-16 has NUL bytes in the first line already; a later cell of a real text file may hold one.
        if b"\0" in head[:4096].partition(b"\n")[0]:
            raise SourceError(
                f"{self._file.name}: this is not a UTF-8 text file, it holds NUL bytes. If it is UTF-16, set "
                "encoding='utf-16-le' or 'utf-16-be'; otherwise the file is not of the format its name says."
            )

    def _take(self, size: int) -> bytes:
        """Read this many decompressed bytes; fewer only at the end of the file."""
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
            return self._read_decompressed(size)
        except CleverTapError:
            raise
        except EOFError:
            raise self._damaged(_ENDS_EARLY) from None
        except (OSError, zlib.error) as error:
            is_truncated = "truncated" in str(error).lower()
            raise self._damaged(_ENDS_EARLY if is_truncated else "is damaged") from None

    def _damaged(self, problem: str) -> SourceError:
        kind = {".gz": "gzip", ".zst": "Zstandard"}[self._file.compression]
        if not self._stored.first_bytes.startswith({".gz": _GZIP, ".zst": _ZSTD}[self._file.compression]):
            return SourceError(
                f"{self._file.name}: this is not {kind} data, although its name says so. Rename the file."
            )
        return SourceError(f"{self._file.name}: the {kind} data {problem}. Fetch the file again.")

    def _transcode(self, encoded: bytes) -> bytes:
        if self._decode is None:
            return encoded
        try:
            return self._decode(encoded, not encoded).encode("utf-8", "surrogateescape")
        except UnicodeError:
            raise SourceError(
                f"{self._file.name}: the file is not {self._encoding}: within the first "
                f"{self._file.bytes_read:,} bytes are some that are invalid in this encoding. Set the encoding the "
                "file is written in."
            ) from None
