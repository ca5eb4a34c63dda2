"""Cells that stand for nothing are found, however few or many they are, and however long."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.encoding.vectorized.placeholders import mark_placeholders
from airflow_provider_clevertap.records.texts.placeholders import PLACEHOLDER_PATTERN, PLACEHOLDER_WORDS

LONG = [
    "#" * 300,
    "0." + "0" * 400,
    "-" + "0" * 300 + "1.",
    f"{'9' * 300}.5E+12",
    "." + "0" * 90,
    "0,0e-7",
    f"#{'é' * 30}!",
]
OTHERS = ["customer-1", "1.5", "0x1", "9" * 300, f"{'#' * 300}a", "1e5", "nullable", "n", f"#{'é' * 31}!", "-", "+5"]
WORDS = sorted(PLACEHOLDER_WORDS)


def marked(cells: list[Any]) -> list[bool]:
    mask = mark_placeholders(pa.array(cells, pa.string()))
    return [False] * len(cells) if mask is None else mask.tolist()


def kelvin(text: str) -> str:
    """Return the text with the one character beyond ASCII that becomes an ASCII letter in lower case."""
    return text.replace("k", "\u212a")


@pytest.mark.parametrize("times", [1, 300])
@pytest.mark.parametrize("change", [str, str.upper, str.title, kelvin], ids=["lower", "upper", "title", "kelvin"])
def test_words_and_long_texts_are_marked_and_nothing_else(times: int, change: Any) -> None:
    bad = [change(text) for text in (*WORDS, *LONG)]
    assert marked([*bad, *OTHERS, None, ""] * times) == ([True] * len(bad) + [False] * (len(OTHERS) + 2)) * times


@given(st.lists(st.text("#0.,+-e19nulaNU!é ", max_size=50) | st.sampled_from(WORDS), max_size=20))
def test_the_marks_are_those_of_the_words_and_the_pattern(cells: list[str]) -> None:
    expected = [cell.lower() in PLACEHOLDER_WORDS or bool(re.fullmatch(PLACEHOLDER_PATTERN, cell)) for cell in cells]
    assert marked(cells) == expected
    assert marked(cells * 300) == expected * 300
