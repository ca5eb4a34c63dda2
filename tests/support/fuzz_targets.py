"""Fuzz targets: the inputs, and what must hold for each of them.

Each target is a strategy and a function that runs the code under test on one example and returns how often it ran it.
A target fails with an exception that the package does not document, with a contradictory result, or by hanging.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.api.answers import Processed
from airflow_provider_clevertap.api.reads.answers import RejectedRead, read_fields
from airflow_provider_clevertap.api.response_parser import read_answer, retry_after
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError, SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.last_rows import LastRowEncoder
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import notes_on, plan_columns
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.json_lines import JsonLinesReader
from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS
from tests.support import fuzz_messages
from tests.support.fuzz.columns.examples import examples as columns_of_any_type
from tests.support.fuzz.columns.loads import load_in_every_role


class Target(NamedTuple):
    """One thing to fuzz.

    :param examples: the inputs.
    :param run: tests one example; returns how often the code under test ran.
    :param share: its share of a long run: less for slower targets.
    :param short: the number of examples in a short run.
    :param round: the number of examples in a round of a long run, which hypothesis keeps in memory.
    """

    examples: st.SearchStrategy[Any]
    run: Callable[[Any], int]
    share: float
    short: int = 60
    round: int = 5_000


def pieces(*known: str, max_size: int = 30) -> st.SearchStrategy[bytes]:
    """Return a strategy for bytes: known pieces and arbitrary bytes, in any order."""
    piece = st.sampled_from([text.encode() for text in known]) | st.binary(max_size=3)
    return st.lists(piece, max_size=max_size).map(b"".join)


_ANY_JSON = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -1, 2, 10**9, 1e300, "", "0", "1", "success", "partial", "fail", "400"])
    | st.integers()
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["status", "processed", "unprocessed", "code", "error", "record", "identity", "objectId", "type", "d"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
_REFUSAL = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["fail", "success", None, 1]),
        "code": st.sampled_from([512, "513", None, -1, 10**30, [], "x"]),
        "error": st.sampled_from(
            ["bad. Skipped record number : 1", "Skipped record number : 0", "Skipped record number : " + "9" * 30, ""]
        )
        | st.text(max_size=20),
        "record": st.sampled_from([{"identity": "a", "type": "profile"}, {"identity": 1}, [], None, {"objectId": [1]}]),
    },
)
_ACCOUNT = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["success", "partial", "fail", "FAIL", None]),
        "processed": st.sampled_from([0, 1, 2, "1", -1, 1.5, None, True, 10**20]),
        "unprocessed": st.lists(_REFUSAL, max_size=3) | st.none(),
    },
    optional={"code": st.sampled_from([200, 400, 401, 413, 429, "429", 500, 999, None]), "error": st.text(max_size=10)},
)
_BODIES = (
    _ACCOUNT.map(lambda value: json.dumps(value).encode())
    | _ANY_JSON.map(lambda value: json.dumps(value).encode())
    | pieces(
        '{"status":', '"success"', ',"processed":', "1", ',"unprocessed":[', "]", "}", "<title>", "</title>", "[" * 99
    )
)
_HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "location", "content-type"]),
    st.sampled_from(["1", "1e999", "-1", "nan", "Sun, 06 Nov 1994 08:49:37 GMT", "https://[x", "//h:x/"])
    | st.text(max_size=20),
    max_size=2,
)
_STATUSES = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 404, 408, 413, 429, 500, 503]) | st.integers(0, 999)
_SENT = (
    b'{"d":[{"identity":"a","type":"profile"},{"identity":"1","type":"profile"}]}',
    b'{"d":[{"objectId":[1]},{}]}',
    b"{",
    b"",
)


def _read_answers(example: tuple[int, dict[str, str], bytes]) -> int:
    status, headers, body = example
    wait = retry_after(headers)
    assert wait is None or (math.isfinite(wait) and wait >= 0)
    fields = read_fields(status, headers, body)
    text = "" if isinstance(fields, dict) else fields.error if isinstance(fields, RejectedRead) else fields.detail
    assert text == "" or text.isprintable()
    runs = 2
    for records, sent in ((1, _SENT[2]), (2, _SENT[0]), (2, _SENT[1]), (3, _SENT[3])):
        runs += 1
        answer = read_answer(status, headers, body, records, sent=sent)
        if isinstance(answer, Processed):
            places = [rejected.index for rejected in answer.rejected]
            assert places == sorted(set(places))
            assert all(0 <= place < records for place in places)
        else:
            assert answer.detail.isprintable()
            assert len(answer.detail) < 2_000
    return runs


def _file(content: bytes, extension: str) -> SourceFile:
    return SourceFile(f"fuzz{extension}", extension, "", len(content), lambda: io.BytesIO(content))


def _rows(reader: Any, content: bytes, extension: str) -> tuple[list[Any], str]:
    """Read everything; return the rows with their errors, and what stopped the reading."""
    rows: list[Any] = []
    try:
        for block in reader.read(_file(content, extension)):
            assert block.first_row == len(rows) + 1
            faults = [block.row_errors.get(index) for index in range(len(block))]
            rows += zip(block.rows(range(len(block))), faults, strict=True)
    except SourceError as error:
        return rows, str(error)
    return rows, ""


_HEADER = ",".join(OUTCOME_COLUMNS)
_CSV = st.tuples(
    st.sampled_from([b"a,b\n", b"a\n", b'"a","b ""c"""\r\n', f"a,{_HEADER}\n".encode(), "\ufeffé,b\r".encode(), b""]),
    pieces(
        *[",", '"', '""', "\n", "\r", "\r\n", "a", "1", "é", "\ufeff", "\0", "'=", ";", "\t", ' "', ",,,,"],
        *["\\", '\\"', "\\\n", "#", "\n#", "a,b\n"],
    ),
    st.fixed_dictionaries(
        {"quote": st.sampled_from(['"', "'", None])},
        optional={
            "escape": st.sampled_from(["\\", "^"]),
            "comment": st.just("#"),
            "skip_rows": st.integers(0, 3),
            "header_row": st.integers(1, 3),
        },
    ),
    st.sampled_from([1, 2, 3, 5, 16]),
)


def _read_csv(example: tuple[bytes, bytes, dict[str, Any], int]) -> int:
    header, body, options, chunk_bytes = example
    found = []
    for size in (chunk_bytes, 1 << 20):
        reader = CsvReader(delimiter=",", **options, encoding="utf-8", header=None, block_rows=3, chunk_bytes=size)
        found.append(_rows(reader, header + body, ".csv"))
    (some, stopped), (same, stopped_too) = found
    assert bool(stopped) == bool(stopped_too)
    # of a record that never ends, only the message shows how much of it was read
    assert [row for row, _ in some] == [row for row, _ in same]
    return len(found)


_JSON_LINE = _ANY_JSON.map(lambda value: json.dumps(value).encode() + b"\n") | pieces(
    '{"a":', '"b"', "{", "}", "[", "]", ",", ":", "1", "null", "\n", '"', "\\u00", "\\ud800", "1e999", "9" * 40, "\r",
    " ",    '{"a":1,"a" :2}\n', '{"":1}\n', "[" * 40, max_size=12,
)  # fmt: skip
_JSON_LINES = st.lists(_JSON_LINE, max_size=6).map(b"".join)


def _read_json_lines(content: bytes) -> int:
    (some, stopped), (same, stopped_too) = (
        _rows(JsonLinesReader(encoding="utf-8", block_rows=rows), content, ".jsonl") for rows in (2, 1000)
    )
    assert stopped == stopped_too
    assert len(some) == len(same)
    assert [fault for _, fault in some] == [fault for _, fault in same]
    return 2


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
_MAPPINGS = st.tuples(
    st.lists(_NAMES, min_size=1, max_size=5, unique=True),
    st.dictionaries(_NAMES, _CHOICES, max_size=4),
    st.sampled_from(["send", "ignore", "error"]),
    st.booleans(),
)


def _plan(example: tuple[list[str], dict[str, Any], Any, bool]) -> int:
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


_CELLS = (
    st.sampled_from(
        ["", "1", "-5", "07/09/1990", "1990-09-07T10:11:12Z", "24:00:00", "9" * 30, "1e400", "nan", "true", "a|b", "0",
         "31/02/2020", "10000-01-01", "$D_1", "99999999999999", "٣", "+919812345678", "a@b.cd", "\0", '{"$incr":1}']
    )
    | st.text(max_size=12)
)  # fmt: skip


def _read_cells(example: tuple[dict[str, Any], list[str]]) -> int:
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


#: The columns of the rows that are encoded, for each kind of record.
ROWS_OF: dict[str, dict[str, str | Column]] = {
    "profiles": {
        "i": "identity",
        "mail": "Email",
        "phone": "Phone",
        "d": Column("Day", type="date"),
        "l": Column(type="list"),
    },
    "events": {"i": "identity", "e": "evtName", "d": "ts", "p": Column("Price", type="float"), "l": "Labels"},
    "device_tokens": {"i": "objectId", "t": "token", "c": "type", "k": "p256dh", "a": "auth"},
    "subscriptions": {"c": "type", "a": "value", "s": "status"},
}
_WORDS = st.sampled_from(
    ["email", "Phone", "whatsapp", "fcm", "Chrome", "Unsubscribe", "resubscribe", " email", "Charged"]
)
_VALUES = (
    _CELLS
    | _WORDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.lists(_CELLS, max_size=3)
    | st.dictionaries(st.sampled_from(["$incr", "$add", "a", "$set"]), _CELLS | st.integers(), max_size=2)
)


def _rows_of(name: str) -> st.SearchStrategy[tuple[str, list[dict[str, Any]]]]:
    cells = dict.fromkeys([*ROWS_OF[name], "other", "Age", "Gender"], _VALUES)
    likely = dict.fromkeys(ROWS_OF[name], _WORDS | _CELLS)
    row = st.fixed_dictionaries({}, optional=cells) | st.fixed_dictionaries(likely)
    return st.tuples(st.just(name), st.lists(row, min_size=1, max_size=6))


def _encode(example: tuple[str, list[dict[str, Any]]]) -> int:
    name, rows = example
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    (kind,) = (uploaded.make_record_kind({}) for uploaded in UPLOAD_KINDS if uploaded.module == name)
    encoder: BlockEncoder = Encoder(kind, parse_columns(ROWS_OF[name]), fixed=False, default_country="IN")
    if kind.last_wins:
        encoder = LastRowEncoder(encoder, kind.last_wins, many_files=False)
    blocks: list[RowBlock] = list(JsonLinesReader(encoding="utf-8", block_rows=3).read(_file(lines, ".jsonl")))
    keys = []
    for block, encoded in zip(blocks, encoder.encode_all(blocks), strict=True):
        records = [json.loads(str(record).rstrip(",")) for record in encoded.records.to_pylist()]
        keys += [tuple(record[field] for field in kind.last_wins) for record in records]
        # every row is sent once, or has an outcome
        assert sorted([*map(int, encoded.rows), *map(int, encoded.unsent)]) == list(range(len(block)))
    assert not kind.last_wins or len(set(keys)) == len(keys)
    return 1


TARGETS = {
    "answers": Target(st.tuples(_STATUSES, _HEADERS, _BODIES), _read_answers, 0.3),
    "csv": Target(_CSV, _read_csv, 0.1),
    "json lines": Target(_JSON_LINES, _read_json_lines, 0.12),
    "messages": Target(fuzz_messages.examples(), fuzz_messages.load, 0.02, round=1_000),
    "mapping": Target(_MAPPINGS, _plan, 0.2),
    "formats": Target(st.tuples(_OBJECTS | _LIKELY, st.lists(_CELLS, min_size=8, max_size=8)), _read_cells, 0.25),
    "rows": Target(st.sampled_from(sorted(ROWS_OF)).flatmap(_rows_of), _encode, 0.03),
    "columns": Target(columns_of_any_type(), load_in_every_role, 0.2, short=25, round=500),
}
