"""The cost of reading one column as the mapping declares, compared with the same column without the option."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.rows.block import RowBlock
from benchmarks.reporting import Table

TITLE = "Columns read as declared, one core"
ROWS = 32_768
#: The least time of so many counts, as others may use the machine.
REPEATS = 40

_random = random.Random(7)
_AMOUNTS = [round(_random.uniform(0, 30_000), 2) for _ in range(ROWS)]
_DAYS = [date(2000, 1, 1) + timedelta(days=_random.randrange(9_000)) for _ in range(ROWS)]
_TIERS = [_random.choice(("gold", "silver", "bronze", "none")) for _ in range(ROWS)]
_SEXES = [_random.choice(("F", "M")) for _ in range(ROWS)]
_LEVELS = [_random.randrange(1, 4) for _ in range(ROWS)]


def _german(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


_FLOATS = ([str(amount) for amount in _AMOUNTS], Column("Spent", type="float"))
_ISO = ([str(day) for day in _DAYS], Column("Joined", format="yyyy-MM-dd"))
_WORDS = {"F": ("weiblich", "femme"), "M": ("männlich", "homme")}
_GENDERS = {word: letter for letter, words in _WORDS.items() for word in words} | {"divers": None}

#: Plain cells and their column, then the same as people write them.
_CASES: dict[str, tuple[tuple[list[Any], Column], tuple[list[Any], Column]]] = {
    "text, `values`": (
        (_TIERS, Column("Tier")),
        (_TIERS, Column("Tier", values={"gold": "Gold", "silver": "Silver", "bronze": "Bronze"})),
    ),
    "text, `values`, a quarter left out, and empty in the plain column": (
        ([None if tier == "none" else tier for tier in _TIERS], Column("Tier")),
        (_TIERS, Column("Tier", values={"gold": "Gold", "none": None})),
    ),
    "`Gender`, `values`, a third left out": (
        (_SEXES, Column("Gender")),
        (
            ["divers" if row % 3 == 0 else _random.choice(_WORDS[letter]) for row, letter in enumerate(_SEXES)],
            Column("Gender", values=_GENDERS),
        ),
    ),
    "whole numbers, `values`": (
        (_LEVELS, Column("Level")),
        (_LEVELS, Column("Level", values={1: "Basic", 2: "Gold"})),
    ),
    '`decimal=","`': (_FLOATS, ([str(one).replace(".", ",") for one in _AMOUNTS], Column("Spent", decimal=","))),
    '`decimal=",", thousands="."`': (
        _FLOATS,
        ([_german(one) for one in _AMOUNTS], Column("Spent", decimal=",", thousands=".")),
    ),
    "that, and `currency=True`": (
        _FLOATS,
        ([f"{_german(one)} €" for one in _AMOUNTS], Column("Spent", decimal=",", thousands=".", currency=True)),
    ),
    "minus behind half of the numbers": (
        _FLOATS,
        (
            [
                f"{one}-".replace(".", ",") if row % 2 else str(one).replace(".", ",")
                for row, one in enumerate(_AMOUNTS)
            ],
            Column("Spent", decimal=","),
        ),
    ),
    '`percent="fraction"`': (
        _FLOATS,
        ([f"{one % 100:.1f} %" for one in _AMOUNTS], Column("Spent", percent="fraction")),
    ),
    "two date formats": (
        _ISO,
        (
            [str(day) if row % 2 else f"{day:%d/%m/%Y}" for row, day in enumerate(_DAYS)],
            Column("Joined", format=["yyyy-MM-dd", "dd/MM/yyyy"]),
        ),
    ),
}


def measure(turns: int) -> list[dict[str, dict[str, float]]]:
    """Encode rows of an identity and one column, in turn without the option and with it.

    :param turns: how many times.
    """
    pa.set_cpu_count(1)
    return [{name: _compare(*case) for name, case in _CASES.items()} for _ in range(turns)]


def table(turns: Sequence[dict[str, dict[str, float]]]) -> Table:
    """Return a table of the least times of all turns."""
    rows = [["", "plain, ns a row", "declared, ns a row", "times plain"]]
    for name in _CASES:
        alone, plain, declared = (min(turn[name][key] for turn in turns) for key in ("alone", "plain", "declared"))
        # What the identity and the record around the column cost is no part of it.
        plain, declared = plain - alone, declared - alone
        rows.append([name, f"{plain:.0f}", f"{declared:.0f}", f"{declared / plain:.2f}"])
    return rows


def _compare(plain: tuple[list[Any], Column], declared: tuple[list[Any], Column]) -> dict[str, float]:
    encoders = [_encoder(None), _encoder(plain), _encoder(declared)]
    least = [float("inf")] * len(encoders)
    gc.disable()
    for _ in range(REPEATS):
        least = [min(one, _seconds(encode)) for one, encode in zip(least, encoders, strict=True)]
    gc.enable()
    return dict(zip(("alone", "plain", "declared"), (one / ROWS * 1e9 for one in least), strict=True))


def _encoder(case: tuple[list[Any], Column] | None) -> Callable[[], Any]:
    columns = {"id": pa.array([f"cust-{row}" for row in range(ROWS)])}
    choices: dict[str, Column | None] = {"id": Column("identity")}
    if case is not None:
        columns["cell"], choices["cell"] = pa.array(case[0]), case[1]
    encoder = Encoder(PROFILES.with_start_time(1_790_000_000), choices)
    block = RowBlock("table", 1, tuple(columns), columns)
    return lambda: encoder.encode(block)


def _seconds(encode: Callable[[], Any]) -> float:
    started = time.thread_time()
    encode()
    return time.thread_time() - started
