"""Mappings, and cells in columns with any options."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import notes_on, plan_columns
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS

_NAMES = st.sampled_from(
    [
        "identity",
        "Identity",
        "id",
        "Email",
        "Phone",
        "objectId",
        "ts",
        "evtName",
        "token",
        "value",
        "status",
        "type",
        "Joined",
        "Items",
        "$x",
    ]
) | st.text(max_size=6)
_FORMATS = (
    st.sampled_from(
        [
            "epoch",
            "epoch_ms",
            "epoch_us",
            "yyyyMMdd",
            "dd/MM/yyyy",
            "yyyy-MM-dd HH:mm:ss",
            "%d.%m.%y",
            "%Y-%m-%dT%H:%M:%S%z",
            "%",
            "%Q",
        ]
    )
    | st.lists(
        st.sampled_from(
            ["yyyy", "MM", "dd", "HH", "mm", "ss", "a", "'", "%Y", "%m", "%d", "%", "%%", "/", " ", "Z", "é"]
        ),
        max_size=7,
    ).map("".join)
    | st.text(max_size=8)
)
_ODD = st.none() | st.integers() | st.booleans() | st.lists(st.text(max_size=2), max_size=2)
_OPTIONS = {
    "name": _NAMES | _ODD,
    "type": st.sampled_from(["text", "integer", "float", "boolean", "date", "list", "DATE", ""]) | _ODD,
    "format": _FORMATS | st.lists(_FORMATS, max_size=3) | _ODD,
    "timezone": st.sampled_from(
        ["UTC", "Asia/Kolkata", "Nowhere/City", "../etc/passwd", "", "/etc/passwd", "\0", "UTC\n"]
    )
    | st.text(max_size=5)
    | _ODD,
    "separator": st.sampled_from([",", "|", "", "||"]) | _ODD,
    "operator": st.sampled_from(["$set", "$add", "$remove", "$incr", "$decr", "$delete", "$x", "add"]) | _ODD,
    "empty": st.sampled_from(["omit", "delete", "keep"]) | _ODD,
    "allowed_identities": st.lists(st.sampled_from(["NaT", "null", "x", ""]), max_size=2) | _ODD,
}
_OBJECTS = st.fixed_dictionaries({}, optional=_OPTIONS)
_LIKELY = st.fixed_dictionaries(
    {}, optional={name: _OPTIONS[name].filter(lambda value: isinstance(value, str)) for name in _OPTIONS}
)
_CHOICES = (
    _NAMES
    | _ODD
    | _OBJECTS
    | _LIKELY
    | _LIKELY.map(lambda options: Column(**options))
    | st.dictionaries(
        st.sampled_from(["ctName", "dataType", "x"]),
        _NAMES | st.sampled_from(["STRING", "Number", "dd/MM/yyyy", "$D_epoch"]) | _ODD,
        max_size=3,
    )
)
MAPPINGS = st.tuples(
    st.lists(_NAMES, min_size=1, max_size=5, unique=True),
    st.dictionaries(_NAMES, _CHOICES, max_size=4),
    st.sampled_from(["send", "ignore", "error"]),
    st.booleans(),
)


def plan(example: tuple[list[str], dict[str, Any], Any, bool]) -> int:
    names, columns, unmapped, fixed = example
    runs = 0
    for uploaded in UPLOAD_KINDS:
        kind = uploaded.make_record_kind({})
        runs += 1
        with suppress(MappingError, ConfigurationError):
            choices = parse_columns(columns)
            planned = plan_columns(names, choices, schema=kind.schema, unmapped=unmapped, fixed=fixed)
            assert {column.source for column in planned} <= set(names)
            assert len({column.rule.key for column in planned}) == len(planned)
            list(notes_on(planned, kind.schema))
    return runs


CELLS = (
    st.sampled_from(
        ["", "1", "-5", "07/09/1990", "1990-09-07T10:11:12Z", "24:00:00", "9" * 30, "1e400", "nan", "true", "a|b", "0",
         "31/02/2020", "10000-01-01", "$D_1", "99999999999999", "٣", "+919812345678", "a@b.cd", "\0", '{"$incr":1}']
    )
    | st.text(max_size=12)
)  # fmt: skip


CELLS_WITH_OPTIONS = st.tuples(_OBJECTS | _LIKELY, st.lists(CELLS, min_size=8, max_size=8))


def read_cells(example: tuple[dict[str, Any], list[str]]) -> int:
    options, cells = example
    try:
        planned = plan_columns(
            ["x"], parse_columns({"x": {"name": "Joined", **options}}), schema=PROFILES.schema, fixed=False
        )
    except (MappingError, ConfigurationError):
        return 1
    runs = 1
    for column in planned:
        for cell in cells:
            runs += 1
            with suppress(PydanticCustomError):
                json.dumps(column.rule.read(cell), default=str)
    return runs
