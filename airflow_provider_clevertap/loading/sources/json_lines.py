"""JSON Lines files as row blocks: one object a line, every value as JSON says it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.arrays import from_values, split_columns
from airflow_provider_clevertap.loading.rows.block import BLOCK_BYTES, MAX_ROW_BYTES, RowBlock, RowError
from airflow_provider_clevertap.loading.sources.column_names import MAX_COLUMNS, usable_names
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.files.text_stream import TextStream, check_encoding

_CHUNK_BYTES = 1 << 20
#: A block has fewer rows where its table would have more cells than this, as when all lines have other keys.
BLOCK_CELLS = 4 << 20
#: More brackets within one another than this make no row: what handles values further on goes into them by recursion,
#: and CleverTap takes no more than a list in an object.
MAX_DEPTH = 32


class JsonLinesReader:
    """Read JSON Lines files as row blocks.

    :param encoding: what the files are written in.
    :param block_rows: most rows in a block.
    :raises ConfigurationError: when Python knows no such encoding.
    """

    fixed_columns = False
    nested = True

    def __init__(self, *, encoding: str, block_rows: int) -> None:
        self._encoding = check_encoding(encoding)
        self._block_rows = block_rows
        self._decoder = msgspec.json.Decoder()

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file; a file with no rows gives one empty block.

        :raises SourceError: when it cannot be read.
        """
        stream = TextStream(file, self._encoding)
        try:
            yield RowBlock(file.name, 1, (), {})
            first_row = 1
            rows: list[dict[str, Any]] = []
            faults: dict[int, RowError] = {}
            names: set[str] = set()
            size = 0
            for line in _lines(stream.read, file.name):
                if first_row == 1 and not rows:
                    _check_first_line(line, file.name)
                row = self._row(line)
                if isinstance(row, RowError):
                    faults[len(rows)] = row
                    row = {}
                rows.append(row)
                names.update(row)
                size += len(line)
                if len(rows) == self._block_rows or size >= BLOCK_BYTES or len(rows) * len(names) >= BLOCK_CELLS:
                    yield _block(file.name, first_row, rows, faults)
                    first_row, rows, faults, names, size = first_row + len(rows), [], {}, set(), 0
            if rows:
                yield _block(file.name, first_row, rows, faults)
        finally:
            stream.close()

    def _row(self, line: bytes) -> dict[str, Any] | RowError:
        try:
            row = self._decoder.decode(line)
        except UnicodeDecodeError:
            return _fault(
                line,
                f"the line is not valid {self._encoding}: if the whole file is in another encoding, set "
                "JsonLinesSource(path, encoding=...)",
            )
        except RecursionError:
            return _fault(line, f"the line is nested too deeply: more than {MAX_DEPTH} brackets within one another")
        except msgspec.DecodeError as error:
            return _fault(line, f"the line is not valid JSON ({error})")
        if not isinstance(row, dict):
            return _fault(line, 'the line is not a JSON object: a row is written {"column": value, ...}')
        if line.count(b"{") + line.count(b"[") > MAX_DEPTH and _is_deep(row):
            return _fault(line, f"the line is nested too deeply: more than {MAX_DEPTH} brackets within one another")
        if len(row) > MAX_COLUMNS:
            return _fault(line, f"the object has more than {MAX_COLUMNS:,} keys")
        if "" in row:
            return _fault(line, "a key of the object is empty: give it a name")
        if _may_repeat_a_key(line, row):
            repeated = _repeated_key(line)
            if repeated is not None:
                return _fault(line, f"the key {repeated!r} is there more than once in one object")
        return row


def _lines(read: Callable[[int], bytes], file: str) -> Iterator[bytes]:
    rest, number = b"", 0
    while data := read(_CHUNK_BYTES):
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if line and not line.isspace():
                number += 1
                yield line
        if len(rest) >= MAX_ROW_BYTES:
            raise SourceError(
                f"{file}: row {number + 1} has no end within {len(rest):,} bytes. Check that this is a JSON Lines "
                "file, with one object a line."
            )
    if rest and not rest.isspace():
        yield rest


def _check_first_line(line: bytes, file: str) -> None:
    """Refuse a file that is JSON but not JSON Lines, where every line would be a fault."""
    start = line.strip()
    if start in (b"{", b"[") or start.startswith((b"[{", b"[ {")):
        raise SourceError(
            f"{file}: this is a JSON document of many lines, or a list, not JSON Lines. Write each object on a line "
            "of its own and without a list around them, for example with jq -c '.[]'."
        )


def _is_deep(row: dict[str, Any]) -> bool:
    level: list[Any] = [row]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _fault(line: bytes, reason: str) -> RowError:
    return RowError(reason, text=line.decode("utf-8", "backslashreplace").strip())


def _may_repeat_a_key(line: bytes, row: dict[str, Any]) -> bool:
    # A key that is there twice is written twice but decoded once. So count keys in the text, cheaply: by what
    # follows their closing quote. Text that looks the same only makes the count too high, and leads to a closer look.
    written = line.count(b'":')
    blanks = b" :" in line or b"\t:" in line
    return blanks or (written != len(row) and written != _count_keys(row))


def _count_keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count_keys, value.values()))
    if isinstance(value, list):
        return sum(map(_count_keys, value))
    return 0


def _repeated_key(line: bytes) -> str | None:
    repeated: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            repeated.append(next(key for key in keys if keys.count(key) > 1))

    json.loads(line, object_pairs_hook=look)
    return repeated[0] if repeated else None


def _block(file: str, first_row: int, rows: list[dict[str, Any]], faults: dict[int, RowError]) -> RowBlock:
    shapes = dict.fromkeys(map(tuple, rows))
    names = tuple(dict.fromkeys(chain.from_iterable(shapes)))
    if len(shapes) == 1:
        values: Iterable[tuple[Any, ...]] = zip(*map(dict.values, rows), strict=True)
    else:
        values = (tuple([row.get(name) for row in rows]) for name in names)
    wanted = usable_names(names)
    columns, objects = split_columns(
        {name: from_values(list(column)) for name, column in zip(names, values, strict=True) if name in wanted}
    )
    return RowBlock(file, first_row, wanted, columns, objects, faults, row_count=len(rows))
