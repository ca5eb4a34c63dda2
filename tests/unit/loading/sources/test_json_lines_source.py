"""JSON Lines files: types, invalid lines, encodings and limits."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import JsonLinesSource
from tests.support.examples_of_properties import examples
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors


def write(folder: Path, *lines: str | bytes, name: str = "people.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
    return path


def test_values_have_the_types_of_json(tmp_path: Path) -> None:
    row = {"id": "007", "n": 5, "f": 5.5, "yes": True, "none": None, "list": [1, "a"], "map": {"x": [None]}, "e": ""}
    assert read_rows(write(tmp_path, json.dumps(row))) == [row]


def test_integers_never_become_floats(tmp_path: Path) -> None:
    numbers = [1, 2**53 + 1, -(2**63), 2**63 - 1]
    path = write(tmp_path, *[json.dumps({"n": number}) for number in numbers])
    assert next(iter(open_source(path).blocks())).columns["n"].type == pa.int64()
    assert [row["n"] for row in read_rows(path)] == numbers
    mixed = [*numbers, 2**63, 10**40, -(10**40), 1.5]
    rows = read_rows(write(tmp_path, *[json.dumps({"n": number}) for number in mixed]))
    assert [row["n"] for row in rows] == mixed
    assert [type(row["n"]) for row in rows] == [*[int] * 7, float]


def test_columns_of_one_type_are_arrays_and_others_are_values(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"text": "a", "int": 1, "bool": true, "float": 1.5, "mixed": 1, "list": [], "none": null}',
        '{"text": null, "int": 2, "bool": false, "float": 2.0, "mixed": "1", "list": [1]}',
    )
    (block,) = open_source(path).blocks()
    types = {name: column.type for name, column in block.columns.items()}
    assert types == {
        "text": pa.string(),
        "int": pa.int64(),
        "bool": pa.bool_(),
        "float": pa.float64(),
        "none": pa.string(),
    }
    assert block.objects == {"mixed": [1, "1"], "list": [[], [1]]}


def test_lines_may_have_different_keys(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1}', '{"b": 2, "a": 3}', "{}", '{"c": 4}')
    source = open_source(path, block_rows=3)
    assert not source.fixed_columns
    assert source.nested
    first, second = source.blocks()
    assert first.names == ("a", "b")
    assert first.rows(range(3)) == [{"a": 1, "b": None}, {"a": 3, "b": 2}, {"a": None, "b": None}]
    assert (second.names, second.first_row) == (("c",), 4)


def test_rows_without_a_key_are_rows(tmp_path: Path) -> None:
    (block,) = open_source(write(tmp_path, "{}", "{}", "nonsense")).blocks()
    assert len(block) == 3
    assert list(block.row_errors) == [2]


def test_blank_lines_marks_and_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeff{"a": 1}\r', "", "  \r", '{"a": 2}')
    assert read_rows(path) == [{"a": 1}, {"a": 2}]
    assert read_rows(write(tmp_path, "", "\n")) == []
    assert [len(block) for block in open_source(write(tmp_path, "\n")).blocks()] == [0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "not valid JSON"),
        ('{"a": 1', "not valid JSON"),
        ('{"a": 1,}', "not valid JSON"),
        ('{"a": NaN}', "not valid JSON (NaN and Infinity are no JSON"),
        ('{"a": [1, -Infinity]}', "not valid JSON (NaN and Infinity are no JSON"),
        ('{"a": NaN', "not valid JSON"),
        ('{"a": 1e999}', "not valid JSON"),
        ('{"a": "\\ud800"}', "not valid JSON (a text has half of a character"),
        ('{"a": 1}, {"a": 2}', "not valid JSON"),
        (b'{"a": "Zo\xeb"}', "not valid utf-8"),
        ("[1, 2]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("null", "not a JSON object"),
        ('{"": 1}', "key of the object is empty"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' occurs more than once"),
        ('{"a" : 1, "a"\t: 1}', "'a' occurs more than once"),
        ('{"x": {"b": 2, "b": 2}}', "'b' occurs more than once"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_an_invalid_line_keeps_its_number_and_text(tmp_path: Path, line: str | bytes, message: str) -> None:
    path = write(tmp_path, '{"a": 1}', line, '{"a": 2}')
    rows = read_with_errors(path)
    assert [row["a"] for row, _ in rows] == [1, None, 2]
    assert [fault is not None for _, fault in rows] == [False, True, False]
    fault = rows[1][1]
    assert fault is not None
    assert message in fault.reason
    assert fault.text == (line if isinstance(line, str) else line.decode("utf-8", "backslashreplace"))
    assert "Zo" not in repr(fault)


@pytest.mark.parametrize(
    "line",
    ['{"a": "x\\":y", "b": ": :"}', '{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', '{"a" : "b\\":\\"c", "x": 1}'],
)
def test_text_that_looks_like_keys_is_not_a_repeated_key(tmp_path: Path, line: str) -> None:
    assert read_with_errors(write(tmp_path, line)) == [(json.loads(line), None)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=6,
)
keys = st.text(st.sampled_from('abc":\\ é'), min_size=1, max_size=3)


@examples(60)
@given(
    rows=st.lists(st.dictionaries(keys, json_values, max_size=4), min_size=1, max_size=12),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]),
    ascii_only=st.booleans(),
)
def test_text_written_by_pythons_json_module_is_read_unchanged(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, object]],
    separators: tuple[str, str],
    ascii_only: bool,
) -> None:
    lines = [json.dumps(row, separators=separators, ensure_ascii=ascii_only) for row in rows]
    path = write(tmp_path_factory.mktemp("lines"), *lines)
    read = read_with_errors(path, block_rows=5)
    assert [fault for _, fault in read if fault] == []
    assert [{name: value for name, value in row.items() if value is not None} for row, _ in read] == [
        {name: value for name, value in row.items() if value is not None} for row in rows
    ]
    assert [repr(row.get(name)) for row, _ in read for name in sorted(row)] == [
        repr(rows[number].get(name)) for number, (row, _) in enumerate(read) for name in sorted(row)
    ]


def test_a_json_document_is_not_json_lines(tmp_path: Path) -> None:
    for document in (json.dumps([{"a": 1}], indent=1), json.dumps([{"a": 1}]), json.dumps({"a": 1}, indent=1)):
        with pytest.raises(SourceError, match="not JSON Lines"):
            read_rows(write(tmp_path, document))


def test_other_encodings(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": "Zoë"}\n'.encode("utf-16"))
    assert read_rows(JsonLinesSource(path, encoding="utf-16")) == [{"a": "Zoë"}]


def test_a_line_longer_than_a_chunk_and_one_without_end(tmp_path: Path) -> None:
    text = "x" * 10_000_000
    assert read_rows(write(tmp_path, '{"a": 1}', json.dumps({"a": text}), '{"a": 2}'))[1] == {"a": text}
    with pytest.raises(SourceError, match="row 2 has no end"):
        read_rows(write(tmp_path, '{"a": 1}', "x" * 70_000_000))


def test_a_rejects_file_can_be_loaded_again(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1, "clevertap_row": 7, "clevertap_outcome": "invalid", "clevertap_file": "x"}')
    assert read_rows(path) == [{"a": 1}]


def test_rows_are_numbered_through_blocks(tmp_path: Path) -> None:
    path = write(tmp_path, *[f'{{"n": {number}}}' if number % 10 else "bad" for number in range(1, 101)])
    assert list(read_row_errors(path, block_rows=7)) == list(range(10, 101, 10))


@pytest.mark.parametrize("between", ["", " ", "\t", "\r", "\ufeff", "\r\ufeff"])
@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_several_objects_on_a_line_are_rows(tmp_path: Path, between: str, block_rows: int) -> None:
    objects = ['{"id":1,"t":"}{"}', '{"id":2,"in":{"a":[{}]}}', '{"id": 3}', '{"id":4}', '{"id":5}']
    path = write(tmp_path, between.join(objects[:3]), objects[3], between + objects[4])
    assert [row["id"] for row in read_rows(path, block_rows=block_rows)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ('{"id":1}{"id":1,"id":2}{"id":NaN}{"id":4}', [None, '{"id":1,"id":2}', '{"id":NaN}', None]),
        ('{"id":1}{"id":2}{"id":', [None, None, '{"id":']),
        ('{"id":1}{"id":', [None, '{"id":']),
        ('{"id":1} {"id":x}{"id":2}', [None, '{"id":x}{"id":2}']),
        ('{"id":1}{"id":2}, 5', [None, None, ", 5"]),
        (b'{"id":1}{"id":"\xff"}{"id":2}', [None, '{"id":"\\xff"}', None]),
        ('{"id":1}, "name":"x"}', ['{"id":1}, "name":"x"}']),
        ('{"id":1}5', ['{"id":1}5']),
        ('5{"id":1}', ['5{"id":1}']),
        (f'{{"id":1}}{{"id":{"9" * 5000}}}{{"id":2}}', [None, f'{{"id":{"9" * 5000}}}', None]),
        (f'{{"id":1}}{{"id":2}}{{"id":{"[" * 200_000}', [None, None, f'{{"id":{"[" * 200_000}']),
    ],
)
def test_what_cannot_be_read_among_several_objects_is_one_row(
    tmp_path: Path, line: str | bytes, texts: list[str | None]
) -> None:
    rows = read_with_errors(write(tmp_path, line, '{"id":"last"}'))
    assert [error and error.text for _, error in rows] == [*texts, None]
    assert rows[-1][0]["id"] == "last"


def test_objects_of_a_file_without_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "stream.gz"
    objects = b"".join(b'{"id":"%d","text":"%s"}' % (number, b"x" * 2_000) for number in range(20_000))
    path.write_bytes(gzip.compress(objects, 1))
    assert [row["id"] for row in read_rows(JsonLinesSource(path))] == [str(number) for number in range(20_000)]
