"""The parts of all generated data: numbered rows, seeded random values, and invalid rows at known positions.

The same number of rows gives the same rows on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    from airflow_provider_clevertap.loading.record_kinds import RecordKind

#: The kind of record that this package loads data as, and the argument ``columns``.
LoadedAs: TypeAlias = "tuple[RecordKind, Mapping[str, Any]]"

SEED = 20261122
#: A multiple of the orders' pattern (see ``shop``) and of the invalid rows' pattern.
CHUNK_ROWS = 90_000

GIVEN = ("Asha", "Chloé", "Dafydd", "Emeka", "Fatima", "Grace", "Håkon", "Ingrid", "Jürgen", "Kwame", "Leïla", "Zoë")
FAMILY = (
    "Adeyemi", "Brown", "Campbell", "García", "Hughes", "Kaur", "Kowalski", "Müller", "O'Brien", "Okafor", "Patel",
)  # fmt: skip
CITIES = ("Berlin", "Bengaluru", "Cardiff", "Chennai", "Dublin", "Hyderabad", "Jaipur", "Kochi", "Kraków", "Madrid")

#: The first and the last second of all times.
SINCE, UNTIL = 1_500_000_000, 1_760_000_000
_TOKEN_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Dirt(NamedTuple):
    """The positions of invalid rows, counted from 1.

    :param every: the pattern repeats after so many rows.
    :param places: the invalid rows among them.
    """

    every: int
    places: tuple[int, ...]

    def count(self, rows: int) -> int:
        """Return how many of the first ``rows`` rows are invalid."""
        return sum(len(range(place, rows + 1, self.every)) for place in self.places)


class Chunk:
    """A chunk of rows, for which it makes columns of random values, as Arrow arrays.

    :param numbers: the rows' numbers, counted from 1.
    :param random: a generator seeded for these rows.
    """

    def __init__(self, numbers: np.ndarray[Any, Any], random: np.random.Generator) -> None:
        self.numbers = numbers
        self.random = random

    @classmethod
    def of(cls, first: int, count: int) -> Chunk:
        """Return the chunk of ``count`` rows that starts at row ``first``."""
        import numpy as np

        return cls(np.arange(first, first + count), np.random.default_rng([SEED, first]))

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def number(self) -> Any:
        """Return each row's number as text."""
        return as_text(self.numbers)

    def named(self, prefix: str) -> Any:
        """Return names that end in the row's number, in eight digits; the server counts rows by them."""
        import pyarrow.compute as pc

        return joined(prefix, pc.utf8_lpad(self.number, 8, "0"))

    def pick(self, words: Sequence[str]) -> Any:
        """Return one of these words for each row."""
        import pyarrow as pa

        return pa.array(words).take(pa.array(self.random.integers(0, len(words), len(self))))

    def whole(self, low: int, high: int) -> Any:
        """Return a whole number for each row, at least ``low`` and less than ``high``."""
        import pyarrow as pa

        return pa.array(self.random.integers(low, high, len(self)))

    def money(self, maximum: int) -> Any:
        """Return an amount with two decimals for each row."""
        import pyarrow as pa

        return pa.array(self.random.integers(1, maximum * 100, len(self)) / 100)

    def moments(self) -> Any:
        """Return a time of the last years for each row, in whole seconds."""
        import pyarrow as pa

        return self.whole(SINCE, UNTIL).cast(pa.timestamp("s"))

    def sometimes(self, share: float) -> Any:
        """Return true for this share of the rows."""
        import pyarrow as pa

        return pa.array(self.random.random(len(self)) < share)

    def tokens(self, length: int) -> Any:
        """Return random letters for each row."""
        import numpy as np
        import pyarrow as pa

        letters = np.frombuffer(_TOKEN_LETTERS, np.uint8)
        indexes = self.random.integers(0, len(letters), (len(self), length), dtype=np.uint8)
        return pa.array(letters[indexes].view(f"S{length}").ravel()).cast(pa.string())

    def spoil(self, columns: dict[str, Any], dirt: Dirt, cells: Sequence[tuple[str, str]]) -> None:
        """Put one invalid cell into each invalid row, of each of the given cells in turn.

        :param columns: changed in place.
        :param cells: the column and the value of an invalid cell; an empty value makes the cell empty.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        is_invalid = np.isin(self.numbers % dirt.every, dirt.places)
        turn = self.numbers // dirt.every % len(cells)
        for index, (column, value) in enumerate(cells):
            here = pa.array(is_invalid & (turn == index))
            columns[column] = pc.if_else(here, pa.scalar(value or None, columns[column].type), columns[column])


def as_text(values: Any) -> Any:
    """Return numbers as text."""
    import pyarrow as pa

    return pa.array(values).cast(pa.string())


def joined(*parts: Any, between: str = "") -> Any:
    """Join text columns and literals, row by row."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, between)


def blank(column: Any, where: Any) -> Any:
    """Return a column with the cells emptied for which ``where`` is true."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(where, pa.scalar(None, column.type), column)


def texts(columns: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return columns, some of them as text, so that an invalid cell fits in."""
    import pyarrow as pa

    return {name: column.cast(pa.string()) if name in names else column for name, column in columns.items()}
