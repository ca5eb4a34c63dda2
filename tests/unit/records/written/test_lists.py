"""Lists as programs write them are read as the items these programs had, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.written.lists import split_items
from tests.support.examples_of_properties import examples

ITEMS = st.lists(st.text(max_size=6) | st.text(st.sampled_from("'\"\\,{}[] \n\tNUL"), max_size=6), max_size=6)


@examples(200)
@given(items=ITEMS)
def test_lists_of_json_and_python_are_read_as_they_were(items: list[str]) -> None:
    for text in (json.dumps(items), json.dumps(items, ensure_ascii=False, indent=2), repr(items)):
        assert split_items(f" {text}\n", ",") == items
    if items:
        assert split_items(repr(tuple(items)), ";") == items


@examples(200)
@given(items=ITEMS, bare=st.booleans())
def test_arrays_of_postgresql_are_read_as_they_were(items: list[str], bare: bool) -> None:
    text = "{" + ",".join(postgresql(item, bare=bare) for item in items) + "}"
    assume(not text.startswith("{'"))  # {','} may also be a set of Python: a comma
    assert split_items(text, "|") == items


def postgresql(item: str, *, bare: bool) -> str:
    """Write an element as array_out of PostgreSQL does; without need for quotes, or always in quotes."""
    special = any(character in '{}",\\' or character.isspace() for character in item)
    if bare and item and not special and item.upper() != "NULL":
        return item
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[1, 2.50, 12345678901234567890, 1e5]", ["1", "2.50", "12345678901234567890", "1e5"]),
        ("[null, NaN, 'a']", None),
        ('[null, NaN, "a"]', [None, None, "a"]),
        ("[None, nan, 'a', 5]", [None, None, "a", "5"]),
        ("['it\\'s', \"it's\", 'caf\\xe9', '\\u20ac', '\\d']", ["it's", "it's", "café", "€", "\\d"]),
        ("('a',)", ["a"]),
        ("{'b', 'a'}", ["b", "a"]),
        ("{'tis,b}", ["'tis", "b"]),
        ('{it\'s,NULL,null,"NULL"}', ["it's", None, None, "NULL"]),
        ("[0:1]={a,b}", ["a", "b"]),
        ("[VIP] gold,tea", ["[VIP] gold", "tea"]),
        ("(VIP),(gold)", ["(VIP)", "(gold)"]),
        ("{a}b", ["{a}b"]),
        ("a,[b]", ["a", "[b]"]),
    ],
)
def test_forms_of_lists(text: str, items: list[Any] | None) -> None:
    if items is None:
        with pytest.raises(PydanticCustomError):
            split_items(text, ",")
    else:
        assert split_items(text, ",") == items


@pytest.mark.parametrize(
    "text",
    [
        "[a, b]", "[VIP]", "['a' 'b']", "['a', b]", "['a', ['b']]", "[,]", "[Infinity]", "['a'", "['a\\']", "[1 2]",
        "[array(['a'])]", '["a", "b",, "c"]', "{a,,b}", '{"a": 1}', "{{a},{b}}", '{"a}', "{a b", '{a"b}',
        "[" * 5_000 + "]" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_list_is_never_split(text: str) -> None:
    if not text.endswith(("]", "}")):
        assert split_items(text, ",") == text.split(",")
        return
    with pytest.raises(PydanticCustomError, match="text in br"):
        split_items(text, ",")


def test_long_text_takes_no_long_time() -> None:
    assert len(split_items("[" + ",".join(["'a'"] * 200_000) + "]", ",")) == 200_000
    with pytest.raises(PydanticCustomError):
        split_items("['" + "\\" * 1_000_000 + "]", ",")
