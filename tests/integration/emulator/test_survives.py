"""Property test: whatever JSON is sent, every record is accepted or rejected, and the totals agree."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.examples_of_properties import examples
from tests.support.http_requests import get

texts = st.one_of(
    st.sampled_from(
        ["", " ", "a", "nan", "a@b.co", "+919812345678", "M", "Y", "$D_1", "$D_x", "x" * 600, "\x00", "é😀"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), texts)
operators = st.dictionaries(
    st.sampled_from(["$set", "$add", "$remove", "$incr", "$decr", "$delete", "$x"]),
    st.one_of(scalars, st.lists(scalars, max_size=3), st.just(1)),
    max_size=2,
)
values = st.recursive(
    st.one_of(scalars, operators),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
).filter(lambda value: value not in (float("inf"), float("-inf")))
names = st.one_of(
    st.sampled_from(
        [
            "Name",
            "Email",
            "Phone",
            "Gender",
            "Age",
            "DOB",
            "MSG-email",
            "category-unsubscribe",
            "identity",
            "Items",
            "a",
        ]
    ),
    texts,
)

data = st.dictionaries(names, values, max_size=4)
records = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(["profile", "event", "token"]), values),
        "identity": st.one_of(st.sampled_from(["a", "b", 7]), values),
        "objectId": st.one_of(st.sampled_from(["d1", "d2"]), values),
        "ts": st.one_of(st.integers(0, 2**40), values),
        "profileData": st.one_of(data, values),
        "evtName": st.one_of(st.sampled_from(["Charged", "Viewed", "Stayed"]), values),
        "evtData": st.one_of(data, values),
        "tokenData": st.one_of(st.fixed_dictionaries({"id": texts, "type": st.just("fcm")}), values),
    },
)
subscriptions = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(["email", "phone", "whatsapp"]), values),
        "value": st.one_of(st.sampled_from(["a@b.co", "+919812345678"]), values),
        "status": st.one_of(st.sampled_from(["Unsubscribe", "Resubscribe"]), values),
    },
)
finite = st.lists(st.one_of(records, subscriptions, values), min_size=1, max_size=8)


@pytest.mark.parametrize("path", ["/1/upload", "/1/subscribe"])
@pytest.mark.parametrize("strictness", ["late", "refuse", "keep"])
@examples(40)
@given(batch=finite)
def test_every_record_is_accepted_or_rejected(
    api: httpx.Client, emulator: RunningEmulator, strictness: str, path: str, batch: list[Any]
) -> None:
    emulator.change_settings(strictness=strictness)
    before = emulator.stats()
    try:
        answer = api.post(path, json={"d": batch})
    except ValueError:
        return  # the batch contains an infinity, which the client cannot encode
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["processed"] + len(result["unprocessed"]) == len(batch)
    after = emulator.stats()
    assert after["accepted"] - before["accepted"] == result["processed"]
    assert after["refused"] - before["refused"] == len(result["unprocessed"])
    assert get(emulator.url + "/").status_code == 200
