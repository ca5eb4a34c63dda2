"""Read JSON Lines files as row blocks: one object per line, with the types JSON has."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.arrays import from_values, split_columns
from airflow_provider_clevertap.loading.rows.block import BLOCK_BYTES, MAX_ROW_BYTES, RowBlock, RowError
from airflow_provider_clevertap.loading.rows.plain.values import MAX_DEPTH
from airflow_provider_clevertap.loading.sources.column_names import MAX_COLUMNS, usable_names
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.files.text_stream import TextStream, check_encoding
from airflow_provider_clevertap.loading.sources.json_objects import split_objects
from airflow_provider_clevertap.records.texts.names import visible_name

_CHUNK_BYTES = 1 << 20
#: A block ends when its table has this many cells, which happens when every line has different keys.
BLOCK_CELLS = 4 << 20
_LOOK_THE_SAME = "two keys of the object look the same, or a key is invisible: they differ in characters nobody sees"
_NOT_JSON = "the line is not valid JSON"


class JsonLinesReader:
    """Reads JSON Lines files as row blocks.

    :param encoding: the encoding of the files.
    :param block_rows: maximum number of rows in a block.
    :raises ConfigurationError: when Python knows no such encoding.
    """

    fixed_columns = False
    nested = True

    def __init__(self, *, encoding: str, block_rows: int) -> None:
        self._encoding = check_encoding(encoding)
        self._block_rows = block_rows
        self._decoder = msgspec.json.Decoder()

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file; a file without rows returns one empty block.

        :raises SourceError: when it cannot be read.
        """
        stream = TextStream(file, self._encoding)
        try:
            yield RowBlock(file.name, 1, (), {})
            first_row = 1
            rows: list[Any] = []
            row_errors: dict[int, RowError] = {}
            names: set[str] = set()
            size = 0
            lines = _lines(stream.read, file.name)
            parts: list[bytes] = []
            while (line := parts.pop() if parts else next(lines, None)) is not None:
                if first_row == 1 and not rows:
                    _check_first_line(line, file.name)
                row = self._row(line)
                if isinstance(row, RowError):
                    several = _parts(line)
                    if several:
                        parts += reversed(several)
                        continue
                    row_errors[len(rows)] = row
                    row = {}
                rows.append(row)
                names.update(self._keys(row))
                size += len(line)
                if len(rows) == self._block_rows or size >= BLOCK_BYTES or len(rows) * len(names) >= BLOCK_CELLS:
                    yield self._block(file.name, first_row, rows, row_errors)
                    first_row, rows, row_errors, names, size = first_row + len(rows), [], {}, set(), 0
            if rows:
                yield self._block(file.name, first_row, rows, row_errors)
        finally:
            stream.close()

    def _keys(self, row: Any) -> Collection[str]:
        """Return the columns that a row needs."""
        keys: Collection[str] = row
        return keys

    def _block(self, file: str, first_row: int, rows: list[Any], row_errors: dict[int, RowError]) -> RowBlock:
        """Return a block of rows."""
        return block_of_objects(file, first_row, rows, row_errors)

    def _row(self, line: bytes) -> Any:
        """Return the row of a line, or why there is none."""
        try:
            row = self._decoder.decode(line)
        except UnicodeDecodeError:
            return _row_error(
                line,
                f"the line is not valid {self._encoding}: if the whole file is in another encoding, set "
                "JsonLinesSource(path, encoding=...)",
            )
        except RecursionError:
            return _row_error(line, f"the line is nested too deeply: more than {MAX_DEPTH} brackets inside one another")
        except msgspec.DecodeError as error:
            known = _written_by_python(line)
            return _row_error(line, f"{_NOT_JSON} ({known or error})", f"{_NOT_JSON} ({known})" if known else _NOT_JSON)
        if not isinstance(row, dict):
            return _row_error(line, 'the line is not a JSON object such as {"column": value, ...}')
        if line.count(b"{") + line.count(b"[") > MAX_DEPTH and is_deep(row):
            return _row_error(line, f"the line is nested too deeply: more than {MAX_DEPTH} brackets inside one another")
        if len(row) > MAX_COLUMNS:
            return _row_error(line, f"the object has more than {MAX_COLUMNS:,} keys")
        if "" in row:
            return _row_error(line, "a key of the object is empty: give it a name")
        if _may_repeat_key(line, row):
            repeated = _repeated_key(line)
            if repeated is not None:
                return _row_error(
                    line, f"the key {repeated!r} occurs more than once in one object", "a key occurs more than once"
                )
        return row


def _parts(line: bytes) -> list[bytes]:
    """Return the objects of a line that has several, and what follows the last one that can be read; else nothing.

    A byte order mark before a single object is left out as well.
    """
    objects, rest = split_objects(line)
    if len(objects) > 1 or (objects and rest[:1] == b"{") or (objects and not rest and objects[0] != line.strip()):
        return [*objects, rest] if rest else objects
    return []


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
            objects, rest = split_objects(rest)
            number += len(objects)
            yield from objects
        if len(rest) >= MAX_ROW_BYTES:
            raise SourceError(
                f"{file}: row {number + 1} has no end within {len(rest):,} bytes. Check that this is a JSON Lines "
                "file, with one object per line."
            )
    if rest and not rest.isspace():
        yield rest


def _check_first_line(line: bytes, file: str) -> None:
    """Raise an error for a file that is JSON but not JSON Lines: every line would be an invalid row."""
    start = line.strip()
    if start in (b"{", b"[") or start.startswith((b"[{", b"[ {")):
        raise SourceError(
            f"{file}: this is a JSON document of many lines, or a list, not JSON Lines. Write each object on its "
            "own line and without a list around them, for example with jq -c '.[]'."
        )


def is_deep(row: dict[str, Any]) -> bool:
    """Return whether an object is nested more deeply than later stages can handle."""
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


def _row_error(line: bytes, reason: str, general: str = "") -> RowError:
    return RowError(reason, text=line.decode("utf-8", "backslashreplace").strip(), general=general)


def _may_repeat_key(line: bytes, row: dict[str, Any]) -> bool:
    # A repeated key is written twice but decoded once, so keys are counted in the text by the quote and colon after
    # them, which is cheap. Values with such text only make the count too high, and the line is then parsed again.
    keys_in_text = line.count(b'":')
    blanks = b" :" in line or b"\t:" in line
    return blanks or (keys_in_text != len(row) and keys_in_text != _count_keys(row))


def _count_keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count_keys, value.values()))
    if isinstance(value, list):
        return sum(map(_count_keys, value))
    return 0


def _repeated_key(line: bytes) -> str | None:
    repeated: list[str] = []

    def find_repeated(pairs: list[tuple[str, Any]]) -> None:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            repeated.append(next(key for key in keys if keys.count(key) > 1))

    json.loads(line, object_pairs_hook=find_repeated)
    return repeated[0] if repeated else None


def _with_visible_keys(row: dict[str, Any], index: int, row_errors: dict[int, RowError]) -> dict[str, Any]:
    """Return a row with keys as people see them; a row in which two keys then are the same gets an error."""
    shown = {visible_name(name): value for name, value in row.items()}
    if len(shown) == len(row) and "" not in shown:
        return shown
    row_errors[index] = _row_error(msgspec.json.encode(row), _LOOK_THE_SAME)
    return {}


def block_of_objects(
    file: str, first_row: int, rows: list[dict[str, Any]], row_errors: dict[int, RowError]
) -> RowBlock:
    """Return objects as a row block, in which each key is a column."""
    key_orders = dict.fromkeys(map(tuple, rows))
    if any(name != visible_name(name) for name in chain.from_iterable(key_orders)):
        rows = [_with_visible_keys(row, index, row_errors) for index, row in enumerate(rows)]
        key_orders = dict.fromkeys(map(tuple, rows))
    names = tuple(dict.fromkeys(chain.from_iterable(key_orders)))
    if len(key_orders) == 1:
        values: Iterable[tuple[Any, ...]] = zip(*map(dict.values, rows), strict=True)
    else:
        values = (tuple([row.get(name) for row in rows]) for name in names)
    usable = usable_names(names)
    columns, objects = split_columns(
        {name: from_values(list(column)) for name, column in zip(names, values, strict=True) if name in usable}
    )
    return RowBlock(file, first_row, usable, columns, objects, row_errors, row_count=len(rows))


def _written_by_python(line: bytes) -> str:
    """Return what Python's writer of JSON lets through and JSON does not allow, if that is what a line has."""
    constants: list[str] = []
    try:
        value = json.loads(line, parse_constant=constants.append)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "a text has half of a character, such as \\ud83d without its second half"
    except (ValueError, RecursionError):
        return ""
    return "NaN and Infinity are no JSON, although Python writes them: write null" if constants else ""
