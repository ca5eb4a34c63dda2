"""A key set recognises the keys it holds, whatever their type and number."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.rows.key_set import KeySet, key_texts


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=2)), max_size=20), max_size=12))
def test_a_key_is_known_once_it_was_added(columns: list[list[str | None]]) -> None:
    key_set, known = KeySet(), set[str]()
    for column in columns:
        marks = key_set.add_and_mark_known(pa.array(column, pa.string())).tolist()
        for key, mark in zip(column, marks, strict=True):
            assert mark == (key in known)
            known |= set() if key is None else {key}
    assert len(key_set) == len(known)


def test_many_keys_are_kept_in_few_runs() -> None:
    key_set = KeySet()
    for start in range(0, 60_000, 500):
        keys = pa.array(range(start, start + 500)).cast(pa.string())
        assert not key_set.add_and_mark_known(keys).any()
        assert key_set.add_and_mark_known(keys).all()
    assert len(key_set) == 60_000
    assert len(key_set._runs) < 10


def test_hashes_are_the_same_in_every_process() -> None:
    key_set = KeySet()
    key_set.add_and_mark_known(pa.array(["ord-1"]))
    assert key_set._runs[0].tolist() == [11317651938478662482]


def test_a_key_reads_the_same_whatever_its_type() -> None:
    ones = ["1", 1, 1.0, Decimal("1.00")]
    assert set(key_texts(ones).to_pylist()) == {"1"}
    assert [key_texts(pa.array([one])).to_pylist() for one in ones] == [["1"]] * 4
    assert key_texts([None, "", " ", float("nan"), Decimal("NaN")]).null_count == 5
    assert key_texts(pa.array([None, "", " \t", " a"])).to_pylist() == [None, None, None, " a"]
    odd = [10**5000, Decimal("1E+400"), float("inf"), "\ud800", True]
    assert len(set(key_texts(odd).to_pylist())) == 5
