"""Bytes and JSON of which several inputs are made."""

from __future__ import annotations

from hypothesis import strategies as st


def pieces(*known: str, max_size: int = 30) -> st.SearchStrategy[bytes]:
    """Return a strategy for bytes: known pieces and arbitrary bytes, in any order."""
    piece = st.sampled_from([text.encode() for text in known]) | st.binary(max_size=3)
    return st.lists(piece, max_size=max_size).map(b"".join)


ANY_JSON = st.recursive(
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
