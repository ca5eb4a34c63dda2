"""Property tests: whatever JSON is sent, every record is accepted or rejected, and every query is answered."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.emulator.http.routes import ROUTES
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


filters = st.lists(
    st.fixed_dictionaries(
        {"name": st.one_of(names, values)},
        optional={
            "operator": st.one_of(
                st.sampled_from(["equals", "contains", "exists", "between", "less_than", "not_equals"]), values
            ),
            "value": values,
        },
    ),
    max_size=2,
)
days = st.one_of(st.sampled_from([19700101, "20251101", 20260101]), values)
base = {
    "event_name": st.one_of(st.sampled_from(["Charged", "Viewed", "App Launched"]), values),
    "from": st.one_of(st.just(19700101), days),
    "to": st.one_of(st.just(20260101), days),
}
did = st.fixed_dictionaries(base, optional={"operator": st.sampled_from(["equals", "less_than"]), "value": values})
queries = st.fixed_dictionaries(
    base,
    optional={
        "event_properties": st.one_of(filters, values),
        "common_profile_properties": st.one_of(
            st.fixed_dictionaries(
                {},
                optional=dict.fromkeys(("profile_fields", "reachability", "technographics", "geo_fields"), filters),
            ),
            values,
        ),
        "advanced_query": st.one_of(
            st.fixed_dictionaries(
                {}, optional={"did_all": st.lists(did, max_size=2), "did_none": st.lists(did, max_size=1)}
            ),
            values,
        ),
        "unique": values,
        "sum_event_prop": values,
        "groups": st.one_of(
            st.dictionaries(
                texts,
                st.fixed_dictionaries(
                    {},
                    optional={
                        "trend_type": st.sampled_from(["daily", "weekly", "monthly"]),
                        "property_type": st.sampled_from(["event_properties", "profile_fields", "geo_fields"]),
                        "name": names,
                        "top_n": values,
                    },
                ),
                max_size=2,
            ),
            values,
        ),
        "channel": values,
        "where": values,
        "name": values,
        "content": values,
        "when": values,
        "id": values,
        "identity": values,
        "identities": values,
        "d": values,
    },
)
READING = [route.path for route in ROUTES if route.method == "POST" and not route.has_records]


@examples(60)
@given(
    batch=finite, query=queries, path=st.sampled_from(READING), flag=st.sampled_from(["", "events=true&profile=true"])
)
def test_every_query_is_answered(
    api: httpx.Client, emulator: RunningEmulator, batch: list[Any], query: dict[str, Any], path: str, flag: str
) -> None:
    emulator.change_settings(strictness="keep")
    try:
        api.post("/1/upload", json={"d": batch})
        answer = api.post(f"{path}?{flag}", json=query)
    except ValueError:
        return  # an infinity, which the client cannot encode
    assert answer.status_code in (200, 400), answer.text
    cursor = answer.json().get("cursor")
    if cursor is not None:
        page = api.get(f"{path}?cursor={cursor}")
        assert page.status_code == 200
        assert page.json()["records"]
