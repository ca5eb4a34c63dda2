"""Frames as row blocks: pandas, polars and Arrow, one frame or several in a row."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.arrays import Column, array_of, from_values, simplify, split_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.loading.sources.column_names import check_names, check_same_names, usable_names

_FRAMES = {
    "pandas DataFrame": ("pandas", "DataFrame"),
    "polars DataFrame": ("polars", "DataFrame"),
    "Arrow table": ("pyarrow", "Table"),
    "Arrow record batch": ("pyarrow", "RecordBatch"),
}
_NESTED_VALUES = (dict, list, tuple, set, frozenset, np.ndarray)


def frame_kind(value: Any) -> str | None:
    """Name the kind of frame this is, or give ``None``. No library is imported: who has a frame has imported it."""
    for kind, (module, name) in _FRAMES.items():
        frame_type = getattr(sys.modules.get(module), name, None)
        if frame_type is not None and isinstance(value, frame_type):
            return kind
    return None


class DataFramesSource:
    """One frame, or several with the same columns; the index of a pandas frame is not read.

    :param frames: a frame, or an iterable of frames. An iterator can be read once only.
    :param block_rows: most rows in a block.
    :raises SourceError: when there is no frame, or something else among them.
    """

    fixed_columns = True
    many_files = False

    def __init__(self, frames: Any, *, block_rows: int) -> None:
        kind = frame_kind(frames)
        if kind is None and (not isinstance(frames, Iterable) or isinstance(frames, str | bytes | Mapping | Set)):
            raise SourceError(
                f"a {type(frames).__name__} is not a source. Give a path, a URI, a glob, a list of them, a pandas or "
                "polars DataFrame, an Arrow table, or frames one after the other."
            )
        self._block_rows = block_rows
        self._frames: Iterable[Any] = (frames,) if kind else frames
        self._one_pass = isinstance(self._frames, Iterator)
        self._spent = False
        self._done_rows = 0
        ahead = list(islice(self._frames, 1))
        if not ahead:
            raise SourceError(
                "there is not one frame to read, so no column either. When there is nothing to load give a frame "
                "with its columns and no rows, or skip the task."
            )
        if self._one_pass:
            self._frames = chain(ahead, self._frames)
        for frame in ahead:
            _check_frame(frame)
        self.nested = any(map(_is_nested, ahead))
        self._rows: int | None = None
        self.name = kind or "frames"
        if isinstance(self._frames, list | tuple):
            for frame in self._frames:
                _check_frame(frame)
            self._rows = sum(map(len, self._frames))
            self.name = kind or f"{len(self._frames)} frames"

    def blocks(self) -> Iterator[RowBlock]:
        """Give the rows of the frames in turn, in blocks of bounded size, the same blocks each time.

        :raises SourceError: when a frame cannot be used, or an iterator of frames is read a second time.
        """
        if self._spent:
            raise SourceError(
                "an iterator of frames can be read once only, and it has been. Give a list of frames instead, or "
                "write them to files."
            )
        self._spent = self._one_pass
        self._done_rows = 0
        first: tuple[str, ...] | None = None
        nothing = RowBlock("", 1, (), {})
        for number, frame in enumerate(self._frames, 1):
            where = f"frame {number}"
            _check_frame(frame)
            names = _names(frame, where)
            if first is None:
                first, nothing = names, _block(frame, 0, 0, names, 1)
            check_same_names(names, first, where, "frame 1")
            for start in range(0, len(frame), self._block_rows):
                block = _block(frame, start, start + self._block_rows, first, self._done_rows + 1)
                self._done_rows += len(block)
                yield block
        if not self._done_rows:
            yield nothing

    def fingerprint(self) -> str | None:
        """Give a short text that is another one when what the frames hold is; ``None`` when they can be read once only.

        :raises SourceError: when a frame cannot be used.
        """
        if self._one_pass:
            return None
        found = hashlib.sha256()
        for block in self.blocks():
            batch = pa.RecordBatch.from_arrays(list(block.columns.values()), list(block.columns))
            text = stable_text([block.names, list(map(str, batch.schema.types)), block.objects])
            found.update(text.encode("utf-8", "backslashreplace"))
            found.update(batch.serialize())
        self._done_rows = 0
        return found.hexdigest()[:20]

    def progress(self) -> float | None:
        """Share of the rows read so far, or ``None`` when the frames come from an iterator."""
        return self._done_rows / self._rows if self._rows else None


def _check_frame(frame: Any) -> None:
    if frame_kind(frame) is None:
        raise SourceError(f"among the frames there is a {type(frame).__name__}; give DataFrames or Arrow tables.")


def _names(frame: Any, where: str) -> tuple[str, ...]:
    is_arrow = isinstance(frame, pa.Table | pa.RecordBatch)
    names = list(frame.schema.names if is_arrow else frame.columns)
    check_names(names, where)
    return usable_names(map(str, names))


def _block(frame: Any, start: int, stop: int, names: tuple[str, ...], first_row: int) -> RowBlock:
    if isinstance(frame, pa.Table | pa.RecordBatch):
        part = frame.slice(start, stop - start)
        columns = {name: simplify(part.column(name)) for name in names}
    elif hasattr(frame, "iloc"):
        part = frame.iloc[start:stop]
        columns = {name: _pandas_column(part[name]) for name in names}
    else:
        part = frame.slice(start, stop - start)
        columns = {name: _polars_column(part.get_column(name)) for name in names}
    arrays, objects = split_columns(columns)
    return RowBlock("", first_row, names, arrays, objects, row_count=len(part))


def _pandas_column(series: Any) -> Column:
    if series.dtype == object:
        return _object_column(series)
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        # a category of mixed types, complex numbers and the like
        return _object_column(series)
    if isinstance(array.type, pa.BaseExtensionType):
        # periods and intervals, which Arrow holds as numbers
        return _object_column(series)
    return simplify(array)


def _polars_column(series: Any) -> Column:
    # polars hands Python objects to Arrow as their addresses, and some of its types not at all
    if str(series.dtype) != "Object":
        try:
            return simplify(series.to_arrow())
        except pa.ArrowException:
            pass
    return from_values(series.to_list())


def _object_column(series: Any) -> Column:
    values = series.to_numpy(dtype=object)
    missing = series.isna().to_numpy(dtype=bool)
    array = array_of(values, set(map(type, values[~missing])), missing)
    if array is not None:
        return array
    return from_values(
        [
            None if absent else value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            for value, absent in zip(values.tolist(), missing.tolist(), strict=True)
        ]
    )


def _is_nested(frame: Any) -> bool:
    if isinstance(frame, pa.Table | pa.RecordBatch):
        return any(pa.types.is_nested(field.type) for field in frame.schema)
    if not hasattr(frame, "iloc"):
        return any(data_type.is_nested() for data_type in frame.dtypes)
    return any(map(_is_nested_pandas, (frame.iloc[:, place] for place in range(frame.shape[1]))))


def _is_nested_pandas(series: Any) -> bool:
    if series.dtype == object:
        return any(issubclass(kind, _NESTED_VALUES) for kind in set(map(type, series.to_numpy())))
    arrow_type = getattr(series.dtype, "pyarrow_dtype", None)
    return arrow_type is not None and pa.types.is_nested(arrow_type)
