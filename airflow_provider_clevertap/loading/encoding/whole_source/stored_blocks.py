"""Encoded blocks in a temporary file, for kinds of record that need the whole source before one record is sent."""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

from airflow_provider_clevertap.exceptions import StorageUnavailableError
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, Reason, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, numpy_from_array
from airflow_provider_clevertap.loading.rows.json_values import to_json_value

#: Bytes kept in memory; a larger source goes into the file.
MAX_IN_MEMORY: Final = 32 << 20
#: The lengths of a block's three parts.
_LENGTHS: Final = struct.Struct("<3Q")


class StoredBlocks:
    """Blocks that are written one after the other and then read once, in the same order. Used as a context.

    The file is the user's alone and has no name, so that the operating system deletes it even when the process is
    killed. It is in Python's temporary directory (``TMPDIR``) and as large as the rows and their records.

    Blocks whose records have profile updates, or are made of several rows, cannot be stored. Python values of types
    that JSON does not have come back as the text that the rejects file has for them.
    """

    def __init__(self) -> None:
        self._file: Any = tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115 (closed by __exit__)
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
        records = {"records": encoded.records, "rows": array_from_numpy(encoded.rows)}
        parts = (_arrow(encoded.block.columns), _arrow(records), json.dumps(_others(encoded)).encode())
        with disk_errors():
            self._file.write(b"".join((_LENGTHS.pack(*map(len, parts)), *parts)))
        self._count += 1

    def read(self) -> Iterator[EncodedBlock]:
        """Read all blocks; none may be written after that.

        :raises StorageUnavailableError: when that is impossible.
        """
        with disk_errors():
            self._file.seek(0)
        for _ in range(self._count):
            with disk_errors():
                lengths = _LENGTHS.unpack(self._file.read(_LENGTHS.size))
                columns, records, others = map(self._file.read, lengths)
            yield _block(_arrays(columns), _arrays(records), json.loads(others))


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise the errors of a temporary file as ours.

    :raises StorageUnavailableError: when the file fails, as on a full disk.
    """
    try:
        yield
    except OSError as error:
        raise StorageUnavailableError(
            f"the temporary directory {tempfile.gettempdir()} failed: {error.strerror or type(error).__name__}. It "
            "holds the rows until the whole source is read; TMPDIR names another"
        ) from None


def _arrow(arrays: Mapping[str, Any]) -> bytes:
    """Return arrays of one length in Arrow's format, which leaves out what a slice does not show of its array."""
    if not arrays:
        return b""
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _arrays(written: bytes) -> dict[str, Any]:
    if not written:
        return {}
    batch = pa.ipc.open_stream(written).read_next_batch()
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _others(encoded: EncodedBlock) -> dict[str, Any]:
    """Return everything of a block that is in no Arrow array, as JSON values."""
    block = encoded.block
    return {
        "block": [block.file, block.first_row, block.names, block.row_count],
        "objects": {name: list(map(_json_value, values)) for name, values in block.objects.items()},
        "row_errors": [[row, *astuple(error)] for row, error in block.row_errors.items()],
        "unsent": list(encoded.unsent.items()),
        "dropped": list(encoded.dropped.items()),
        "repeatable": encoded.repeatable,
        "columns_by_code": list(encoded.columns_by_code.items()),
    }


def _block(columns: Mapping[str, Any], records: Mapping[str, Any], others: Mapping[str, Any]) -> EncodedBlock:
    file, first_row, names, row_count = others["block"]
    errors = {row: RowError(*error) for row, *error in others["row_errors"]}
    return EncodedBlock(
        block=RowBlock(file, first_row, tuple(names), columns, others["objects"], errors, row_count),
        records=records["records"],
        rows=numpy_from_array(records["rows"]),
        unsent=_outcomes(others["unsent"]),
        dropped=_outcomes(others["dropped"]),
        repeatable=others["repeatable"],
        columns_by_code=dict(others["columns_by_code"]),
    )


def _outcomes(listed: list[tuple[int, list[Any]]]) -> dict[int, RowOutcome]:
    return {row: _outcome(values) for row, values in listed}


def _outcome(values: list[Any]) -> RowOutcome:
    outcome = RowOutcome(*values)
    reasons = tuple(Reason(*reason) for reason in outcome.reasons)
    return outcome._replace(outcome=Outcome(outcome.outcome), reasons=reasons)


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, str | float):
        return value
    try:
        return json.loads(json.dumps(value, default=to_json_value))
    except Exception:  # keys that JSON does not have, an object in itself, a number of too many digits
        return f"({type(value).__name__})"
