"""What all generated data are made of: numbered rows, seeded chance, and bad rows known by their numbers.

The same rows come out for the same number of rows, on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

SEED = 20261122
#: whole orders fit into it (see ``shop``), and so does the bad row's turn
CHUNK_ROWS = 90_000

GIVEN = ("Asha", "Chloé", "Dafydd", "Emeka", "Fatima", "Grace", "Håkon", "Ingrid", "Jürgen", "Kwame", "Leïla", "Zoë")
FAMILY = (
    "Adeyemi", "Brown", "Campbell", "García", "Hughes", "Kaur", "Kowalski", "Müller", "O'Brien", "Okafor", "Patel",
)  # fmt: skip
CITIES = ("Berlin", "Bengaluru", "Cardiff", "Chennai", "Dublin", "Hyderabad", "Jaipur", "Kochi", "Kraków", "Madrid")

#: the first and the last second of everything that happened
SINCE, UNTIL = 1_500_000_000, 1_760_000_000
_TOKEN_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Dirt(NamedTuple):
    """Which rows, counted from 1, are ones nobody should send.

    :param every: the pattern comes again after so many rows.
    :param places: the bad ones among them.
    """

    every: int
    places: tuple[int, ...]

    def count(self, rows: int) -> int:
        """Count the bad rows among so many."""
        return sum(len(range(place, rows + 1, self.every)) for place in self.places)


class Chunk:
    """Rows with these numbers, and chance to fill them with. Columns are Arrow arrays.

    :param numbers: the rows' numbers, counted from 1.
    :param chance: seeded for these rows.
    """

    def __init__(self, numbers: np.ndarray[Any, Any], chance: np.random.Generator) -> None:
        self.numbers = numbers
        self.chance = chance

    @classmethod
    def of(cls, first: int, count: int) -> Chunk:
        """Give so many rows from the first one on."""
        import numpy as np

        return cls(np.arange(first, first + count), np.random.default_rng([SEED, first]))

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def number(self) -> Any:
        """Give each row's number as text."""
        return as_text(self.numbers)

    def named(self, prefix: str) -> Any:
        """Name each row by its number, in eight digits: what the server counts by."""
        import pyarrow.compute as pc

        return joined(prefix, pc.utf8_lpad(self.number, 8, "0"))

    def pick(self, words: Sequence[str]) -> Any:
        """Give each row one of these words."""
        import pyarrow as pa

        return pa.array(words).take(pa.array(self.chance.integers(0, len(words), len(self))))

    def whole(self, low: int, high: int) -> Any:
        """Give each row a whole number, the high one excluded."""
        import pyarrow as pa

        return pa.array(self.chance.integers(low, high, len(self)))

    def money(self, most: int) -> Any:
        """Give each row an amount with two decimals."""
        import pyarrow as pa

        return pa.array(self.chance.integers(1, most * 100, len(self)) / 100)

    def moments(self) -> Any:
        """Give each row a second of the last years."""
        import pyarrow as pa

        return self.whole(SINCE, UNTIL).cast(pa.timestamp("s"))

    def now_and_then(self, share: float) -> Any:
        """Give true for so many of the rows."""
        import pyarrow as pa

        return pa.array(self.chance.random(len(self)) < share)

    def tokens(self, length: int) -> Any:
        """Give each row letters that mean nothing."""
        import numpy as np
        import pyarrow as pa

        letters = np.frombuffer(_TOKEN_LETTERS, np.uint8)
        places = self.chance.integers(0, len(letters), (len(self), length), dtype=np.uint8)
        return pa.array(letters[places].view(f"S{length}").ravel()).cast(pa.string())

    def spoil(self, columns: dict[str, Any], dirt: Dirt, cells: Sequence[tuple[str, str]]) -> None:
        """Put into each bad row one bad cell, in turn; an empty one says that nothing stands there.

        :param columns: changed here.
        :param cells: the column and what stands there.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        bad = np.isin(self.numbers % dirt.every, dirt.places)
        turn = self.numbers // dirt.every % len(cells)
        for place, (column, value) in enumerate(cells):
            here = pa.array(bad & (turn == place))
            columns[column] = pc.if_else(here, pa.scalar(value or None, columns[column].type), columns[column])


def as_text(values: Any) -> Any:
    """Write numbers as text."""
    import pyarrow as pa

    return pa.array(values).cast(pa.string())


def joined(*parts: Any, between: str = "") -> Any:
    """Join text columns and literals, row by row."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, between)


def blank(column: Any, where: Any) -> Any:
    """Empty the cells where it is true."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(where, pa.scalar(None, column.type), column)


def texts(columns: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Write some columns as text, so that a bad cell fits in."""
    import pyarrow as pa

    return {name: column.cast(pa.string()) if name in names else column for name, column in columns.items()}
