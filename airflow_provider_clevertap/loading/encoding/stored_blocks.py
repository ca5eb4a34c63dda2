"""Encoded blocks in a temporary file, for kinds of record that need the whole source before one record is sent."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

from airflow_provider_clevertap.exceptions import StorageUnavailableError
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock

#: Bytes of blocks kept in memory; a larger source goes into the file.
_MAX_IN_MEMORY: Final = 32 << 20


class StoredBlocks:
    """Blocks that are written one after the other and then read once, in the same order. Used as a context.

    The file is the user's alone and has no name, so that the operating system deletes it even when the process is
    killed. It is in Python's temporary directory (``TMPDIR``) and as large as the rows and their records.
    """

    def __init__(self) -> None:
        self._file: Any = tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY)  # noqa: SIM115 (closed by __exit__)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, encoded: EncodedBlock) -> None:
        """Write a block.

        :raises StorageUnavailableError: when that is impossible, as on a full disk.
        """
        block = encoded.block
        # Arrow's own format, because pickle would write the whole array of which a column is a slice.
        columns, records = _to_bytes(dict(block.columns)), _to_bytes({"": encoded.records})
        objects = {name: _storable(values) for name, values in block.objects.items()}
        rest = replace(encoded, block=replace(block, columns={}, objects=objects), records=None)
        written = pickle.dumps((columns, records, rest), pickle.HIGHEST_PROTOCOL)
        with _disk_errors():
            self._file.write(written)
        self._count += 1

    def read(self) -> Iterator[EncodedBlock]:
        """Read all blocks; none may be written after that.

        :raises StorageUnavailableError: when that is impossible.
        """
        with _disk_errors():
            self._file.seek(0)
        for _ in range(self._count):
            with _disk_errors():
                columns, records, rest = pickle.load(self._file)  # noqa: S301 (only this object has the file)
            block = replace(rest.block, columns=_from_bytes(columns))
            yield replace(rest, block=block, records=_from_bytes(records)[""])


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailableError(
            f"the temporary directory {tempfile.gettempdir()} failed: {error.strerror or type(error).__name__}. It "
            "holds the rows until the whole source is read; TMPDIR names another"
        ) from None


def _to_bytes(arrays: dict[str, Any]) -> bytes:
    if not arrays:
        return b""
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _from_bytes(written: bytes) -> dict[str, Any]:
    if not written:
        return {}
    batch = pa.ipc.open_stream(written).read_next_batch()
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _storable(values: list[Any]) -> list[Any]:
    """Return Python values, those that pickle cannot write as the text that the rejects file would have."""
    try:
        pickle.dumps(values)
    except Exception:  # any type may be in a DataFrame, and raise anything
        return [str(value) for value in values] if len(values) == 1 else [_storable([value])[0] for value in values]
    return values
