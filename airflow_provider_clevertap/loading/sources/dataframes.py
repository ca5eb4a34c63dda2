"""Read pandas, polars and Arrow DataFrames as row blocks: one DataFrame, or several in sequence."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Set
from itertools import chain, islice
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.arrays import Column, array_of, from_objects, make_block
from airflow_provider_clevertap.loading.rows.block import RowBlock, conversion_errors, is_foreign, rows_of
from airflow_provider_clevertap.loading.rows.plain.arrow_columns import simplify
from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.loading.sources.column_names import (
    check_names,
    check_same_names,
    names_in_schema,
    usable_names,
    with_visible_names,
)
from airflow_provider_clevertap.records.texts.names import visible_name
from airflow_provider_clevertap.records.unreadable import UnreadableValue

_FRAMES = {
    "pandas DataFrame": ("pandas", "DataFrame"),
    "polars DataFrame": ("polars", "DataFrame"),
    "Arrow table": ("pyarrow", "Table"),
    "Arrow record batch": ("pyarrow", "RecordBatch"),
}
_T = TypeVar("_T")
_UNREADABLE_IN_POLARS: Final = "polars cannot convert the value: cast the column to another type"
_NESTED_VALUES = (dict, list, tuple, set, frozenset, np.ndarray)


def frame_kind(value: Any) -> str | None:
    """Return the kind of DataFrame, or ``None``. Import no library: the library of a DataFrame is imported already."""
    for kind, (module, name) in _FRAMES.items():
        frame_type = getattr(sys.modules.get(module), name, None)
        if frame_type is not None and isinstance(value, frame_type):
            return kind
    return None


class DataFramesSource:
    """One DataFrame, or several with the same columns; the index of a pandas DataFrame is not read.

    :param frames: a DataFrame, or an iterable of DataFrames. An iterator can be read only once.
    :param block_rows: maximum number of rows in a block.
    :raises SourceError: when there is no DataFrame, or something else among them.
    """

    fixed_columns = True
    many_files = False

    def __init__(self, frames: Any, *, block_rows: int) -> None:
        kind = frame_kind(frames)
        if kind is None and (not isinstance(frames, Iterable) or isinstance(frames, str | bytes | Mapping | Set)):
            raise SourceError(
                f"a source cannot be of type {type(frames).__name__}. Use a path, a URI, a glob, a list of them, a "
                "pandas or polars DataFrame, an Arrow table, or an iterable of DataFrames."
            )
        self._block_rows = block_rows
        self._frames: Iterable[Any] = (frames,) if kind else frames
        self._is_iterator = isinstance(self._frames, Iterator)
        self._is_consumed = False
        self._rows_read = 0
        first_frames = list(islice(self._frames, 1))
        if not first_frames:
            raise SourceError(
                "there is no DataFrame, and so there are no columns. If there is nothing to load, use a DataFrame with "
                "columns and no rows, or skip the task."
            )
        if self._is_iterator:
            self._frames = chain(first_frames, self._frames)
        for frame in first_frames:
            _check_frame(frame)
        self.nested = any(map(_is_nested, first_frames))
        self._row_count: int | None = None
        self.name = kind or "DataFrames"
        if isinstance(self._frames, list | tuple):
            for frame in self._frames:
                _check_frame(frame)
            self._row_count = sum(map(len, self._frames))
            self.name = kind or f"{len(self._frames)} DataFrames"

    def blocks(self) -> Iterator[RowBlock]:
        """Read the rows of all DataFrames in order, in blocks of bounded size; each call returns the same blocks.

        :raises SourceError: when a DataFrame cannot be used, or an iterator of DataFrames is read a second time.
        """
        if self._is_consumed:
            raise SourceError(
                "an iterator of DataFrames can be read only once, and it has been read. Use a list of DataFrames, or "
                "write them to files."
            )
        self._is_consumed = self._is_iterator
        try:
            yield from self._blocks()
        finally:
            # In the thread that ran it: a generator may hold what only this thread may close.
            if isinstance(self._frames, Generator):
                self._frames.close()

    def _blocks(self) -> Iterator[RowBlock]:
        self._rows_read = 0
        first: list[str] | None = None
        no_rows = RowBlock("", 1, (), {})
        for number, frame in enumerate(self._frames, 1):
            where = f"DataFrame {number}"
            _check_frame(frame)
            shown = {visible_name(name): name for name in _names(frame, where)}
            if first is None:
                first, no_rows = list(shown), with_visible_names(_block(frame, 0, 0, tuple(shown.values()), 1))
            check_same_names(list(shown), first, where, "DataFrame 1")
            names = tuple(shown[name] for name in first)
            for start in range(0, len(frame), self._block_rows):
                block = _block(frame, start, start + self._block_rows, names, self._rows_read + 1)
                self._rows_read += len(block)
                yield with_visible_names(block)
        if not self._rows_read:
            yield no_rows

    def fingerprint(self) -> str | None:
        """Return a short text that changes with the content of the DataFrames; ``None`` for an iterator.

        :raises SourceError: when a DataFrame cannot be used.
        """
        if self._is_iterator:
            return None
        digest = hashlib.sha256()
        for block in self.blocks():
            batch = pa.RecordBatch.from_arrays(list(block.columns.values()), list(block.columns))
            text = stable_text([block.names, list(map(str, batch.schema.types)), block.objects])
            digest.update(text.encode("utf-8", "backslashreplace"))
            digest.update(batch.serialize())
        self._rows_read = 0
        return digest.hexdigest()[:20]

    def is_large(self) -> bool:
        """Return whether the DataFrames are known to have many blocks."""
        return (self._row_count or 0) > 2 * self._block_rows

    def progress(self) -> float | None:
        """Return the share of the rows read so far, or ``None`` when the DataFrames come from an iterator."""
        return self._rows_read / self._row_count if self._row_count else None


def _check_frame(frame: Any) -> None:
    if frame_kind(frame) is None:
        raise SourceError(
            f"one of the DataFrames is of type {type(frame).__name__}. Use pandas or polars DataFrames or Arrow tables."
        )


def _names(frame: Any, where: str) -> tuple[str, ...]:
    is_arrow = isinstance(frame, pa.Table | pa.RecordBatch)
    names = names_in_schema(frame.schema, where) if is_arrow else list(frame.columns)
    check_names(names, where)
    return usable_names(map(str, names))


def _block(frame: Any, start: int, stop: int, names: tuple[str, ...], first_row: int) -> RowBlock:
    stop = min(stop, len(frame))
    with conversion_errors(rows_of("", first_row, stop - start)):
        is_pandas = hasattr(frame, "iloc")
        part = frame.iloc[start:stop] if is_pandas else frame.slice(start, stop - start)

    def column(name: str) -> Column:
        if is_pandas:
            return _pandas_column(part[name])
        if isinstance(part, pa.Table | pa.RecordBatch):
            return simplify(part.column(name), part.schema.field(name).metadata)
        return _polars_column(part.get_column(name))

    return make_block(names, column, rows=stop - start, first_row=first_row)


def _pandas_column(series: Any) -> Column:
    if series.dtype == object:
        return _object_column(series)
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        # such as a category of mixed types, or complex numbers
        return _object_column(series)
    stored = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if isinstance(stored, pa.BaseExtensionType) and not hasattr(series.dtype, "pyarrow_dtype"):
        # periods and intervals: Arrow stores them as numbers
        return _object_column(series)
    return simplify(array)


def _polars_column(series: Any) -> Column:
    # polars converts Python objects to their addresses in Arrow, and cannot convert some of its own types.
    array = None if str(series.dtype) == "Object" else _converted(series.to_arrow)
    if array is not None:
        return simplify(array)
    values = _converted(series.to_list)
    if values is None:
        values = [_polars_cell(series.slice(row, 1)) for row in range(len(series))]
    return from_objects(values)


def _polars_cell(cell: Any) -> Any:
    values = _converted(cell.to_list)
    return UnreadableValue(f"({cell.dtype})", _UNREADABLE_IN_POLARS) if values is None else values[0]


def _converted(convert: Callable[[], _T]) -> _T | None:
    """Return what polars converts its values to, ``None`` where it cannot."""
    try:
        return convert()
    except BaseException as error:
        if not is_foreign(error):
            raise
        return None


def _object_column(series: Any) -> Column:
    values = series.to_numpy(dtype=object)
    try:
        missing = series.isna().to_numpy(dtype=bool)
    except Exception:  # one of the values cannot be compared, such as a signalling NaN
        missing = np.array([_is_missing(series.iloc[row : row + 1]) for row in range(len(series))], np.bool_)
    array = array_of(values, set(map(type, values[~missing])), missing)
    if array is not None:
        return array
    return from_objects(
        [None if is_missing else value for value, is_missing in zip(values.tolist(), missing.tolist(), strict=True)]
    )


def _is_missing(cell: Any) -> bool:
    try:
        return bool(cell.isna().iloc[0])
    except Exception:  # whatever the value's class does
        return False


def _is_nested(frame: Any) -> bool:
    if isinstance(frame, pa.Table | pa.RecordBatch):
        return any(pa.types.is_nested(field.type) for field in frame.schema)
    if not hasattr(frame, "iloc"):
        return any(data_type.is_nested() for data_type in frame.dtypes)
    return any(map(_is_nested_pandas, (frame.iloc[:, position] for position in range(frame.shape[1]))))


def _is_nested_pandas(series: Any) -> bool:
    if series.dtype == object:
        return any(issubclass(kind, _NESTED_VALUES) for kind in set(map(type, series.to_numpy())))
    arrow_type = getattr(series.dtype, "pyarrow_dtype", None)
    return arrow_type is not None and pa.types.is_nested(arrow_type)
