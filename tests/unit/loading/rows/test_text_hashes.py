"""Hashes of text differ where texts differ, are spread evenly, and do not depend on where a text stands."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.rows.text_hashes import hash_texts

#: Few characters, and NUL among them, so that texts share beginnings, ends and lengths.
SIMILAR = st.text("a\0\x80é", max_size=20)


def hashes_of(texts: list[str]) -> list[int]:
    return hash_texts(pa.array(texts, pa.string())).tolist()


@given(st.lists(st.one_of(SIMILAR, st.text(max_size=200)), max_size=60))
def test_hashes_are_equal_where_texts_are(texts: list[str]) -> None:
    hashes = dict(zip(texts, hashes_of(texts), strict=True))
    assert len(set(hashes.values())) == len(hashes)
    assert hashes_of(texts) == [hashes[text] for text in texts]


@given(st.lists(SIMILAR, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_a_hash_does_not_depend_on_the_texts_around_it(texts: list[str], start: int, size: int) -> None:
    column = pa.array(texts, pa.string())
    expected = [hashes_of([text])[0] for text in texts]
    assert hash_texts(column.slice(start, size)).tolist() == expected[start : start + size]


def test_hashes_are_the_same_in_every_process() -> None:
    assert hashes_of(["", "ord-1", "ord-00000001", "x" * 100]) == [
        17241709254077376921,
        11317651938478662482,
        17357025943549179397,
        16747798784976503496,
    ]


@pytest.mark.parametrize(
    "template",
    ["{:d}", "ORD-{:09d}", "{:06d}-0000-{:06d}", "{:>40d}", "{0:02d}é{0:02d}", "{:x}" + "0" * 155],
)
def test_keys_that_count_up_share_no_hash_and_fill_all_bits(template: str) -> None:
    texts = [template.format(number, number % 977) for number in range(200_000)]
    hashes = hash_texts(pa.array(texts))
    assert len(np.unique(hashes)) == len(texts)
    for half in (hashes >> np.uint64(32), hashes & np.uint64(0xFFFFFFFF)):
        # 200,000 random numbers of 32 bits have 4.7 pairs that are the same
        assert len(np.unique(half)) > len(texts) - 25
    shares = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    assert abs(shares - 0.5).max() < 0.006


def test_a_change_of_any_bit_changes_half_of_the_hash() -> None:
    text = bytearray(b"order-2024-000017/line")
    changed = [bytes(text)]
    for bit in range(len(text) * 7):
        other = bytearray(text)
        other[bit // 7] ^= 1 << bit % 7
        changed.append(bytes(other))
    hashes = hash_texts(pa.array(changed).cast(pa.string()))
    flips = np.unpackbits((hashes[1:] ^ hashes[0]).view(np.uint8).reshape(-1, 8), axis=1)
    assert 0.48 < flips.mean() < 0.52
    assert flips.sum(axis=1).min() >= 14
