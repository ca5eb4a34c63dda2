"""Numbers as people write them, read as a column, become what the models make of them."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.encoding.declared.select import select_declared_converter
from airflow_provider_clevertap.loading.mapping.rules import make_rule
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from airflow_provider_clevertap.records.texts.characters import BLANK

STYLES = [
    {}, {"decimal": ","}, {"decimal": ",", "thousands": "."}, {"thousands": ","}, {"thousands": "'"},
    {"decimal": ",", "thousands": " "}, {"thousands": " "}, {"currency": True}, {"currency": ["€", "EUR", "kr."]},
    {"decimal": ",", "thousands": ".", "currency": True}, {"thousands": ",", "currency": True},
    {"percent": True}, {"percent": "fraction"}, {"parentheses": True},
    {"decimal": ",", "percent": "fraction", "currency": "€"}, {"thousands": ",", "percent": True, "currency": True},
    {"decimal": ",", "thousands": ".", "currency": True, "parentheses": True},
]  # fmt: skip
#: What stands between groups of digits, and before decimals.
WAYS = [("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ",")]
PIECES = [
    *"0123456789", "12", "123", "456", "000", ",", ".", " ", "'", "\u2019", "\u00a0", "\u202f", "-", "\u2212", "+", "%",
    "(", ")", "\u2013", ",-", "€", "$", "EUR", "eur", "Rs.", "Rs", "kr.", "kr", "/-", "R$",
    "US$", "e5", "x", "\u0663",
]  # fmt: skip


def written(source: random.Random) -> str:
    """Write a number in any way, or something near one."""
    if source.random() < 0.3:
        return "".join(source.choices(PIECES, k=source.randrange(1, 9)))
    number = source.choice([0, 5, 12, 100, 999, 1234, 56789, 1234567, 123456789012345, source.randrange(10**9)])
    group, point = source.choice(
        [("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ",")]
    )
    text = f"{number:,}".replace(",", group)
    if group == "," and source.random() < 0.3 and number > 99_999:
        text = f"{number // 100_000 % 100},{number // 1000 % 100:02},{number % 1000:03}"
    if source.random() < 0.5:
        text += point + source.choice(["", "0", "5", "50", "00", "125"])
    gap = source.choice(["", "", " ", "\u00a0"])
    mark = source.choice(["", "", "€", "EUR", "usd", "$", "Rs.", "kr.", "%", "KR", "R$", "zł"])
    text = source.choice([f"{mark}{gap}{text}", f"{text}{gap}{mark}"])
    sign = source.choice(["", "", "", "-", "+", "\u2212"])
    text = source.choice([f"{sign}{text}", f"{sign}{text}", f"{text}{sign}", f"({text})", f"{text} /-"])
    return source.choice(["", "", "", " ", "\u00a0"]) + text + source.choice(["", "", "", " "])


def by_the_models(rule: CellRule, cell: str) -> object:
    try:
        return rule.read(cell)
    except PydanticCustomError:
        return None


@pytest.mark.parametrize("options", [{"type": "float"}, {"type": "integer"}, {"operator": "$incr"}], ids=str)
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_converter_agrees_with_the_models(style: dict[str, object], options: dict[str, str]) -> None:
    source = random.Random(str((style, options)))
    rule = make_rule("x", Column("Spent", **options, **style), PROFILE_SCHEMA)  # type: ignore[arg-type]
    convert = select_declared_converter(rule, pa.string(), {})
    assert convert is not None
    cells = [None if source.random() < 0.05 else written(source) for _ in range(3000)]
    column = pa.array(["before", *cells], pa.string()).slice(1)
    # What stands around numbers is learnt from the column, block by block.
    for _ in range(4):
        converted = convert(column)
    decided = 0
    for index, (cell, text) in enumerate(zip(cells, converted.text.to_pylist(), strict=True)):
        if not (cell or "").strip(BLANK) or (converted.undecided is not None and converted.undecided[index]):
            assert text is None
            continue
        decided += 1
        value = json.loads(f"{converted.before}{text}{converted.after}")
        assert value == by_the_models(rule, cell), (cell, text)
    assert decided > 30


def test_ordinary_amounts_need_no_model() -> None:
    choice = Column("Spent", decimal=",", thousands=".", currency=True, percent=True, parentheses=True)
    rule = make_rule("x", choice, PROFILE_SCHEMA)
    convert = select_declared_converter(rule, pa.string(), {})
    assert convert is not None
    cells = ["1.234,56 €", "-12,50", "EUR 0,99", "\u22121.000.000 kr.", "12,50-", "(3,00)", "12 %", "$ 5", None]
    converted = convert(pa.array(cells))
    assert converted.undecided is None
    assert converted.text.to_pylist() == ["1234.56", "-12.50", "0.99", "-1000000", "-12.50", "-3.00", "12", "5", None]
