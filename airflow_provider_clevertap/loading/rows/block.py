"""Row blocks: what sources hand to the encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

#: The most rows of a block: enough for Arrow to be at its best, few enough for several to be in memory.
BLOCK_ROWS: Final = 32_768
#: A block has fewer rows where its values have more bytes than this: a small file can unpack to long texts.
BLOCK_BYTES: Final = 32 << 20
#: A row as long as this in its file is taken for a file without rows: no value CleverTap takes has more than 512
#: bytes, and what it takes to find the cells of such a row is several times its length.
MAX_ROW_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row cannot be used although the rest of its file can.

    :param reason: what is wrong and how to mend it, without the row's values.
    :param column: the source column at fault, when there is one.
    :param text: the row as it stands in the file, when it has no cells to show (a broken line of JSON Lines); for
        the rejects file alone.
    """

    reason: str
    column: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Consecutive rows of one source file, column by column.

    A row the source could not read properly still takes its place, so that row numbers stay consecutive: missing
    cells are null, cells too many are kept, joined by the delimiter, in the last column. ``row_errors`` says why such a
    row cannot be used.

    :param file: name of the source file as the user knows it; empty when the source is not a file.
    :param first_row: number of the block's first row in its file, counting data rows from 1.
    :param names: source column names in their order.
    :param columns: the columns an Arrow array can hold faithfully. Text of unknown type is ``string``, empty cells
        are null.
    :param objects: the other columns (mixed types, nested values), as plain Python values with ``None`` for missing.
    :param row_errors: index in the block of each unusable row, with the reason.
    :param row_count: how many rows, where there is no column to tell (JSON Lines without a single key).
    """

    file: str
    first_row: int
    names: tuple[str, ...]
    columns: Mapping[str, pa.Array]
    objects: Mapping[str, list[Any]] = field(default_factory=dict)
    row_errors: Mapping[int, RowError] = field(default_factory=dict)
    row_count: int = 0

    def __len__(self) -> int:
        for column in self.columns.values():
            return len(column)
        for values in self.objects.values():
            return len(values)
        return self.row_count

    def rows(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Give some rows as Python values by column name, ``None`` where a cell is empty."""
        from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers

        places = array_from_numbers(indices, int)
        cells = {
            name: self.columns[name].take(places).to_pylist()
            if name in self.columns
            else [self.objects[name][index] for index in indices]
            for name in self.names
        }
        return [{name: cells[name][place] for name in self.names} for place in range(len(indices))]


class Source(Protocol):
    """Where rows come from. A source can be read more than once, with the same rows each time."""

    #: every column is known before the first row (CSV, Parquet, DataFrame); else columns may appear on the way
    fixed_columns: bool
    #: rows hold nested values, so that rejects are written as JSON Lines
    nested: bool
    #: rows come from more than one file, so that a row's number alone does not name it
    many_files: bool

    @property
    def name(self) -> str:
        """The source as a person would name it, without credentials."""

    def blocks(self) -> Iterator[RowBlock]:
        """Read the source from its start, in blocks of bounded size.

        A source with no rows gives one empty block with its columns where it knows them.

        :raises SourceError: when the source cannot be read.
        """

    def fingerprint(self) -> str | None:
        """Give a short text that is another one when the rows or their order are; ``None`` when that cannot be told.

        :raises SourceError: when the source cannot be read.
        """

    def progress(self) -> float | None:
        """Share of the source read so far, 0 to 1, or ``None`` when it cannot be known."""
