"""Answers of CleverTap, and of servers that are not CleverTap."""

from __future__ import annotations

import json
import math

from hypothesis import strategies as st

from airflow_provider_clevertap.api.answers import Processed
from airflow_provider_clevertap.api.reads.answers import RejectedRead, read_fields
from airflow_provider_clevertap.api.response_parser import read_answer, retry_after
from tests.support.fuzz.pieces import ANY_JSON, pieces

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
    | ANY_JSON.map(lambda value: json.dumps(value).encode())
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


ANSWERS = st.tuples(_STATUSES, _HEADERS, _BODIES)


def read_answers(example: tuple[int, dict[str, str], bytes]) -> int:
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
