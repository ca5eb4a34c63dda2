"""Row blocks: the unit in which sources pass rows to the encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from airflow_provider_clevertap.exceptions import CleverTapError, SourceError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_PACKAGE: Final = __name__.partition(".")[0]
#: The maximum of rows in a block: enough for Arrow to be efficient, few enough to keep several blocks in memory.
BLOCK_ROWS: Final = 32_768
#: The maximum of bytes in a block's values; such a block has fewer rows. A small file can decompress to long texts.
BLOCK_BYTES: Final = 32 << 20
#: A file with a row longer than this is treated as a file without rows: CleverTap accepts no value of more than 512
#: bytes, and finding the cells of such a row needs several times its length in memory.
MAX_ROW_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row cannot be used although the rest of its file can.

    :param reason: what is wrong and how to correct it, without the row's values.
    :param column: the source column that causes it, when one does.
    :param text: the row's text in the file, when it has no cells (an invalid line of JSON Lines); only for the
        rejects file.
    :param general: the reason without what differs from row to row, where something does.
    """

    reason: str
    column: str = ""
    text: str = field(default="", repr=False)
    general: str = ""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Consecutive rows of one source file, column by column.

    A row that the source could not read properly is still in the block, so that row numbers stay consecutive: missing
    cells are null, and surplus cells are in the last column, joined by the delimiter. ``row_errors`` has the reason why
    such a row cannot be used.

    :param file: name of the source file as the user knows it; empty when the source is not a file.
    :param first_row: number of the block's first row in its file, counting data rows from 1.
    :param names: source column names in their order.
    :param columns: the columns an Arrow array can hold faithfully, and whose values Python can represent. Text of
        unknown type is ``string`` and valid UTF-8, empty cells are null.
    :param objects: the other columns (mixed types, nested values), as plain Python values with ``None`` for missing.
        An ``UnreadableValue`` stands for a value that no rule can read.
    :param row_errors: index in the block of each unusable row, with the reason.
    :param row_count: the number of rows, where no column shows it (JSON Lines without a single key).
    :param skipped: indices in the block of rows that need no record, by the reason.
    :param original: the rows as the source has them, where these columns were made from them.
    """

    file: str
    first_row: int
    names: tuple[str, ...]
    columns: Mapping[str, pa.Array]
    objects: Mapping[str, list[Any]] = field(default_factory=dict)
    row_errors: Mapping[int, RowError] = field(default_factory=dict)
    row_count: int = 0
    skipped: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    original: RowBlock | None = None

    def __len__(self) -> int:
        for column in self.columns.values():
            return len(column)
        for values in self.objects.values():
            return len(values)
        return self.row_count

    @property
    def place(self) -> str:
        """The file and the numbers of the rows, for messages."""
        return rows_of(self.file, self.first_row, len(self))

    def as_read(self, rows: Sequence[int]) -> tuple[RowBlock, Sequence[int]]:
        """Return some rows as the source has them: a block, and their positions in it."""
        return (self, rows) if self.original is None else self.original.as_read(rows)

    def rows(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Return some rows as Python values by column name, ``None`` where a cell is empty."""
        from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers

        positions = array_from_numbers(indices, int)
        cells = {
            name: self.columns[name].take(positions).to_pylist()
            if name in self.columns
            else [self.objects[name][index] for index in indices]
            for name in self.names
        }
        return [{name: cells[name][position] for name in self.names} for position in range(len(indices))]


def rows_of(file: str, first_row: int, count: int) -> str:
    """Return the name of some consecutive rows of a source, for messages."""
    last_row = first_row + count - 1
    rows = f"rows {first_row:,} to {last_row:,}" if count > 1 else f"row {first_row:,}"
    rows = rows if count else f"from row {first_row:,} on"
    return f"{file}: {rows}" if file else rows


@contextmanager
def conversion_errors(place: str, column: str = "") -> Iterator[None]:
    """Turn errors of other libraries, while values are converted, into a final error without their values.

    :param place: the rows, for the message.
    :param column: the column, when it is known.
    :raises SourceError: in place of such an error.
    """
    try:
        yield
    except BaseException as error:
        translated = conversion_error(error, place, column)
        if translated is error:
            raise
        raise translated from None


def conversion_error(error: BaseException, place: str, column: str = "") -> BaseException:
    """Return the error to raise for an error while values were converted.

    Every value that a source can hold has a converted form, or one that makes its row invalid. So an error of another
    library is a fault of this package, and the same rows would cause it again. Errors of memory and of storage may
    pass, so they stay what they are; so do interruptions.
    """
    if not is_foreign(error):
        return error
    values = f"the values of column {column!r}" if column else "the values"
    return SourceError(
        f"{place}: {values} cannot be converted ({type(error).__name__} in {_line_of(error)}), and a later attempt "
        "would fail in the same way. Make text, numbers or dates of them where the source is made, or leave the column "
        "out (None in columns). Please report this message: it contains no value."
    )


def is_foreign(error: BaseException) -> bool:
    """Return whether another library raised an error because of a value that it cannot convert."""
    # polars is written in Rust, whose errors are not an ``Exception``.
    is_error = isinstance(error, Exception) or type(error).__name__ == "PanicException"
    return is_error and not isinstance(error, CleverTapError | MemoryError | OSError)


def _line_of(error: BaseException) -> str:
    """Return the module and the line of this package in which an error was raised."""
    place, trace = "another library", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.startswith(f"{_PACKAGE}."):
            place = f"{module.removeprefix(_PACKAGE)[1:]}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


class Source(Protocol):
    """A source of rows. It can be read more than once, with the same rows each time."""

    #: every column is known before the first row (CSV, Parquet, DataFrame); else columns may appear later
    fixed_columns: bool
    #: rows hold nested values, so that rejects are written as JSON Lines
    nested: bool
    #: rows come from more than one file, so that a row's number alone does not name it
    many_files: bool

    @property
    def name(self) -> str:
        """The name of the source for messages, without credentials."""

    def blocks(self) -> Iterator[RowBlock]:
        """Read the source from its start, in blocks of bounded size.

        A source without rows yields one empty block, with its columns where they are known.

        :raises SourceError: when the source cannot be read.
        """

    def fingerprint(self) -> str | None:
        """Return a short text that changes when the rows or their order change; ``None`` when no text can show that.

        :raises SourceError: when the source cannot be read.
        """

    def is_large(self) -> bool:
        """Return whether the source has several blocks, as far as that is known before it is read."""

    def progress(self) -> float | None:
        """Return the share of the source read so far, 0 to 1; ``None`` when it is unknown."""
