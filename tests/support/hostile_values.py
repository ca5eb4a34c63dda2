"""Values that break loaders, and ordinary ones, in tables of any shape."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from airflow_provider_clevertap.records.unreadable import UnreadableValue

#: As sources make it of an infinite date, for example.
UNREADABLE = UnreadableValue("infinity", "a date that cannot be read")
HOSTILE_TEXT = [
    "", " ", "  \t ", "\u00a0", "null", "NULL", "None", "nan", "NaN", "-inf", "Infinity", "n/a", "N/A", "0", "-1", "00",
    "undefined", " null ", "nil", "EMPTY", "xxxxxx", "XXXXXX", "007", "1e5", "1E5", "-0", "+5", "5.", ".5", "5.0",
    "1,000", "12.50", "9" * 18, "9" * 19, "9" * 40, "0.1", "1e400", "1_000", "\u0664\u0665", "true", "TRUE", "True",
    "false", "yes", "No", "Y", "n", "on", "OFF", "t", "F", "M", "male", "Female", "FEMALE", "woman", "mAn", "f", "x",
    "School", "college", "GRADUATE", "post graduate", "a@b.co", "A.B+c@d-e.example", " a@b.co ", "a@b", "@b.co",
    "a@@b.co", "a b@c.de", "ü@example.com", "a@b..c", "a@b.co\n", '"q"@b.co', "$$$$$", "+919812345678", "+1",
    "+12345", "+1234", "+0123456", "+44+441234", "(+91) 98123 45678", "(+91)9812345678",
    "+91 98123 45678", "9812345678", "098123 45678", "0091 9812345678",
    "+918123456789.0", "9812345678.0", "9812345678.", "9812345678/79", "+918123456789.10", "+49.30.1234567",
    "26 juil 1990",
    "081.234.5678", "98123.45678", "030/1234567", "0919812345678", "919812345678", "9118001234", "+91 9812345678-79",
    "9812345678-79", "9.19812E+11", "+999999999999999", "+9999999999999999", "(020) 7946-0958", "++91",
    "+", "91-98123-45678",
    "https://example.com/a.png", "http://x", "https://ex ample.com", "ftp://x.y", "https://", "HTTPS://EXAMPLE.COM/A",
    "1990-07-26", "1990-02-29", "2000-02-29", "1900-02-29", "2023-02-30", "2023-13-01", "26/07/1990", "07/26/1990",
    "31/04/2020", "1990/07/26", "1990-07-26 10:11:12", "1990-07-26T10:11:12", "1990-07-26T10:11:12Z",
    "1990-07-26T10:11:12.5+05:30", "1990-07-26 24:00:00", "2024-03-31 02:30:00", "2024-10-27 02:30:00",
    "2099-07-01 00:00:00", "1899-12-31", "0001-01-01", "9999-12-31", "$D_648864000", "$D_x", "$D_", "1700000000",
    "1700000000000", "99999999999", "100000000000", "-5", "a" * 511, "a" * 512, "a" * 513, "é" * 256, "é" * 257,
    "a" * 1023, "a" * 1024, "b" * 5000, 'say "hi"', "back\\slash", "tab\there", "line\nbreak", "cr\rhere", "nul\x00",
    "bell\x07", "\x7f", "\u2028", "emoji 😀", "اَلْعَرَبِيَّةُ", "e\u0301", "\ufeffbom", "=cmd|' /C calc'!A0", "a,b,,c", "a|b",
    "[]", '["a", "b"]', "['a', 'b']", '{a,"b c",NULL}', "[a]", "{NULL}", ";", ",,",
    ",", "a,a", "{}", "[1]", '{"$incr":1}', "'", "</script>", "\u00a0null", "null\u3000", "\u2003", "5.00",
    "\\N", "<NA>", "NaT", " nat", "(null)", "#N/A", "#REF!", "#NOM?", "#####", "#1", "0.0", "-0.0", "-1.0", "0e5",
    "9.19812E+11", "1.5E-5", "00000000-0000-0000-0000-000000000000", "\u200b", "\u200bnull", "cust\u200b-1",
    "cust-1\u200d", "\u200d", "\u202a+919812345678\u202c", "\u200e5", "\ufeff", "a\u200b@b.co", "\u00a05\u00a0",
    "books,\u00a0tea", "books,\u200d,tea", "\u3000x", "\u300cx", "Zo\u00eb\u00ad", "+91\u00ad98123\u200b45678",
    "\u2007", "1700000000.0", "1700000000123", "1700000000.75", "1990-07-26 10:11:12+05", "20260111", "2026111",
    "\u00b2", "\u2460\u2461\u2462", "+\u00b2 9",
    '{"email": ["Group A"]}', '{"email": "Group A"}', '{"email": ["\\ud800"]}', "$D_100000000000", " $D_5 ",
    "1.234,56", "1,234.56", "1,23,456", "1,2,3", "12,5", "1 234,5", "1\u00a0234", "1'234.50", "0,5", "12%", "12,5 %",
    "\u22125", "5-", "(5)", "(1'234)", "€ 5", "1.234 EUR", "Rs. 500/-", "5 kr.", "$-5", "5 5", "€5 EUR", "-5-",
]  # fmt: skip


def text(random: random.Random) -> str | None:
    """Make a cell of text."""
    dice = random.random()
    if dice < 0.06:
        return None
    if dice < 0.5:
        return random.choice(HOSTILE_TEXT)
    if dice < 0.7:
        return "".join(random.choices(string.printable + "éß漢😀", k=random.randrange(12)))
    return _ordinary(random)


def _ordinary(random: random.Random) -> str:
    day = date(1900, 1, 1) + timedelta(days=random.randrange(80_000))
    clock = f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}"
    number = random.randrange(10**10)
    return random.choice(
        [
            f"cust-{number}", str(number), f"{random.uniform(-1e6, 1e6):.4f}", f"user{number}@example.com",
            f"+{number + 10**10}", f"0{number}", f"{number // 10**5:05} {number % 10**5:05}", f"+91 {number}",
            str(random.randrange(120)), day.isoformat(), f"{day.isoformat()} {clock}",
            f"{day.isoformat()}T{clock}", day.strftime("%d/%m/%Y"), day.strftime("%m/%d/%Y"), day.strftime("%d-%m-%Y"),
            day.strftime("%Y/%m/%d"), day.strftime("%d %b %Y"), random.choice("MFYN"),
            random.choice(",|").join(random.choices(["tea", "books", "été", "a b", " ", ""], [9, 9, 3, 3, 1, 1], k=3)),
            random.choice(",|").join(str(number) for number in range(random.choice([2, 5, 99, 100, 101]))),
        ]
    )  # fmt: skip


def integer(random: random.Random) -> int | None:
    """Make a cell of whole numbers."""
    special = [
        None,
        0,
        -1,
        1,
        20240131,
        20240230,
        1022024,
        202412,
        1_700_000_000_123,
        1_700_000_000_123_456,
        2**53,
        -(2**63),
        2**63 - 1,
        1_700_000_000,
        99_999_999_999,
        10**11,
    ]
    return random.choice([*special, random.randrange(10**6)])


def floating(random: random.Random) -> float | None:
    """Make a cell of floats."""
    special = [
        None,
        0.0,
        -0.0,
        1.0,
        20240131.0,
        1.7e15,
        -1.5,
        float("nan"),
        float("inf"),
        float("-inf"),
        1e300,
        1e-300,
        2.0**60,
        0.1,
    ]
    return random.choice([*special, random.uniform(-1e6, 1e6)])


def boolean(random: random.Random) -> bool | None:
    """Make a cell of truth values."""
    return random.choice([True, False, None])


def moment(random: random.Random) -> datetime | None:
    """Make a cell of moments without a zone."""
    if random.random() < 0.1:
        return None
    return datetime(1970, 1, 1) + timedelta(microseconds=random.randrange(-(10**16), 4 * 10**15))


def moment_in_zone(random: random.Random) -> datetime | None:
    """Make a cell of moments in UTC."""
    naive = moment(random)
    return None if naive is None else naive.replace(tzinfo=UTC)


def day(random: random.Random) -> date | None:
    """Make a cell of days."""
    naive = moment(random)
    return None if naive is None else naive.date()


def decimal(random: random.Random) -> Decimal | None:
    """Make a cell of decimals."""
    return random.choice([None, Decimal("0.00"), Decimal("-1.50"), Decimal("12345678.25"), Decimal("7.00")])


def whole_decimal(random: random.Random) -> Decimal | None:
    """Make a cell of decimals without decimal places, as databases have them for ids."""
    special = [None, Decimal(0), Decimal(-1), Decimal(1), Decimal(9812345678), Decimal(20240131), Decimal("9" * 38)]
    return random.choice([*special, Decimal(random.randrange(10**6))])


def items(random: random.Random) -> list[str] | None:
    """Make a cell of lists."""
    return random.choice([None, [], ["a"], ["a", "b", "a"], [""], ["é" * 300], [str(n) for n in range(101)]])


def unsigned(random: random.Random) -> int | None:
    """Make a cell of whole numbers of which the largest have no sign bit left."""
    return random.choice([None, 0, 1, 2**63, 2**64 - 1, random.randrange(10**6)])


def tiny(random: random.Random) -> int | None:
    """Make a cell of the numbers people write for no and yes, and of others."""
    return random.choice([0, 1, 0, 1, 0, 1, None, 2, -1])


def nested(random: random.Random) -> Any:
    """Make a cell as JSON gives it: operations, objects, lists of anything."""
    operand = random.choice([5, -1.5, "5", "a,b", ["a", "b"], [], [None], 10**400, True, {"$incr": 1}, None])
    operator = random.choice(["$set", "$add", "$remove", "$incr", "$decr", "$delete", "$nothing", "plain"])
    objects = [
        {operator: operand}, {operator: operand}, {"$incr": 1, "$decr": 1}, {"$delete": 1}, {}, {1: 2}, {"a": {"b": 1}},
        {"email": ["Group A"], "push": []}, {"email": ["\ud800"]}, {"\ud800": ["a"]}, {"email": [5]}, [1, "a", None],
        [[1]], ["\ud800"], ["a" * 513], [1.5], [True], [{"$incr": 1}],
    ]  # fmt: skip
    return random.choice(objects)


def odd(random: random.Random) -> Any:
    """Make a cell of a Python type that few sources give."""
    special = [
        Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1E+400"), Decimal("1E-400"), UUID(int=7),
        b"bytes", time(10, 11), date(1990, 7, 26), datetime(1990, 7, 26, 10, 11), datetime.max.replace(tzinfo=UTC),
        datetime.min, 10**400, -(10**20), "\ud800", (1, 2), {3}, 5 + 1j, UNREADABLE, ["a", UNREADABLE],
        {"$add": [UNREADABLE]}, [{"sku": UNREADABLE}],
    ]  # fmt: skip
    return random.choice(special)


def anything(random: random.Random) -> Any:
    """Make a cell of any type at all."""
    makes = [text, text, integer, floating, boolean, moment_in_zone, items, decimal, nested, nested, odd]
    return random.choice(makes)(random)


COLUMN_TYPES: dict[Callable[[random.Random], Any], pa.DataType] = {
    text: pa.string(),
    integer: pa.int64(),
    unsigned: pa.uint64(),
    tiny: pa.int8(),
    floating: pa.float64(),
    boolean: pa.bool_(),
    moment: pa.timestamp("us"),
    moment_in_zone: pa.timestamp("us", "Asia/Kolkata"),
    day: pa.date32(),
    decimal: pa.decimal128(12, 2),
    whole_decimal: pa.decimal128(38, 0),
    items: pa.list_(pa.string()),
}
