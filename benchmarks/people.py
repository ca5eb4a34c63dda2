"""The people every contender loads: the same ones for the same number of rows, on any machine.

One row in a hundred is bad, in turn its e-mail address, phone number, gender or identity, and which rows they are can
be told from their numbers alone. The rest is what real exports hold: empty cells, names with commas and quotes in
them, letters beyond ASCII.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SEED = 20261122
CHUNK_ROWS = 100_000
#: of so many rows, which one is bad
BAD_EVERY, BAD_PLACE = 100, 37

GIVEN = ["Asha", "Chloé", "Dafydd", "Emeka", "Fatima", "Grace", "Håkon", "Ingrid", "Jürgen", "Kwame", "Leïla", "Zoë"]
FAMILY = [
    "Adeyemi",
    "Brown",
    "Campbell",
    "García",
    "Hughes",
    "Kaur",
    "Kowalski",
    "Müller",
    "O'Brien",
    "Okafor",
    "Patel",
]
CITIES = ["Berlin", "Bengaluru", "Cardiff", "Chennai", "Dublin", "Hyderabad", "Jaipur", "Kochi", "Kraków", "Madrid"]
TIERS = ["Bronze", "Silver", "Gold", "Platinum"]
MAILBOXES = ["anna", "ben", "chris", "devi", "kim", "lee", "sam"]
DOMAINS = ["example.com", "example.org", "mail.example.net"]

#: bad row in turn: the column, and what stands there
BAD_CELLS = (("Email", "not given"), ("Phone", "call reception"), ("Gender", "unknown"), ("identity", ""))


def is_bad(row: int) -> bool:
    """Tell whether a row, counted from 1, is one nobody should send."""
    return row % BAD_EVERY == BAD_PLACE


def bad_rows(rows: int) -> int:
    """Count the bad rows among so many."""
    return sum(map(is_bad, range(1, rows + 1)))


def data_file(directory: Path, rows: int, extension: str) -> Path:
    """Name the file of so many people. A change to this module changes the name, so that no old data are used."""
    return directory / f"people-{rows}-{zlib.crc32(Path(__file__).read_bytes()):08x}.{extension}"


def tables(rows: int) -> Iterator[Any]:
    """Make the people, in Arrow tables of bounded size."""
    import numpy as np

    for start in range(0, rows, CHUNK_ROWS):
        numbers = np.arange(start + 1, min(start + CHUNK_ROWS, rows) + 1)
        yield _table(numbers, np.random.default_rng([SEED, start]))


def _table(numbers: np.ndarray[Any, Any], chance: np.random.Generator) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(numbers)

    def pick(words: list[str]) -> Any:
        return pa.array(words).take(pa.array(chance.integers(0, len(words), count)))

    def now_and_then(share: float) -> Any:
        return pa.array(chance.random(count) < share)

    def text(values: np.ndarray[Any, Any]) -> Any:
        return pa.array(values).cast(pa.string())

    join = pc.binary_join_element_wise
    given, family, number = pick(GIVEN), pick(FAMILY), text(numbers)
    name = join(given, family, " ")
    name = pc.if_else(now_and_then(0.02), join(family, given, ", "), name)
    name = pc.if_else(now_and_then(0.0005), join(given, ' "', given, '" ', family, ""), name)
    mailbox = join(pick(MAILBOXES), number, ".")
    city = pick(CITIES)
    day = chance.integers(-7_000, 12_000, count).astype("int32")
    columns = {
        "identity": join("cust-", pc.utf8_lpad(number, 8, "0"), ""),
        "Name": name,
        "Email": join(mailbox, pick(DOMAINS), "@"),
        "Phone": join("+91", text(chance.integers(7_000_000_000, 9_999_999_999, count)), ""),
        "Gender": pick(["F", "M"]),
        "DOB": pa.array(day).cast(pa.date32()),
        "City": pc.if_else(now_and_then(0.05), pa.scalar(None, pa.string()), city),
        "Customer Type": pick(TIERS),
        "Loyalty Points": pa.array(chance.integers(0, 50_000, count)),
        "Lifetime Value": pa.array(chance.integers(0, 2_000_000, count) / 100),
        "Joined On": pa.array(chance.integers(1_500_000_000, 1_760_000_000, count)).cast(pa.timestamp("s")),
        "MSG-email": now_and_then(0.7),
    }
    turn = numbers // BAD_EVERY % len(BAD_CELLS)
    bad = numbers % BAD_EVERY == BAD_PLACE
    for place, (column, value) in enumerate(BAD_CELLS):
        columns[column] = pc.if_else(pa.array(bad & (turn == place)), value or None, columns[column])
    return pa.table(columns)


def _csv_text(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = [column.cast(pa.string()) for column in table.columns]
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(cells[1], '"', '""'), '"', "")
    cells[1] = pc.if_else(pc.match_substring_regex(cells[1], '[",]'), quoted, cells[1])
    lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    return ("\n".join(lines.to_pylist()) + "\n").encode()


def write_csv(path: Path, rows: int) -> None:
    with path.open("wb") as file:
        for number, table in enumerate(tables(rows)):
            if not number:
                file.write(",".join(table.column_names).encode() + b"\n")
            file.write(_csv_text(table))


def write_parquet(path: Path, rows: int) -> None:
    from pyarrow import parquet

    made = tables(rows)
    first = next(made)
    with parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in made:
            writer.write_table(table)


def main() -> None:
    """Write one file, unless it is there: ``python -m benchmarks.people DIRECTORY ROWS csv``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("extension", choices=("csv", "parquet"))
    asked = parser.parse_args()
    path = data_file(asked.directory, asked.rows, asked.extension)
    if path.exists():
        return
    asked.directory.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    (write_csv if asked.extension == "csv" else write_parquet)(unfinished, asked.rows)
    unfinished.rename(path)


if __name__ == "__main__":
    main()
