"""64-bit hashes of a column of text, the same in every process."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

#: The multipliers of XXH64, whose steps for eight bytes these are: https://xxhash.com/doc/v0.8.3/
_PRIME_1, _PRIME_2, _PRIME_3, _PRIME_4, _PRIME_5 = (
    np.uint64(prime)
    for prime in (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
)
_WORD: Final = 8
#: Texts hashed at a time, so that the arrays of all steps stay in the processor's cache.
_ROWS: Final = 8192
#: Masks of the bytes that belong to a text in a word of which it fills 0 to 8.
_FILLED: Final = np.array([(1 << (_WORD * size)) - 1 for size in range(_WORD + 1)], np.uint64)


def hash_texts(column: Any) -> Hashes:
    """Return a 64-bit hash of each text.

    Each word of eight bytes is mixed into the hash with the steps of XXH64; the last one is filled up with zeros. The
    length is part of the hash, so texts that differ only in trailing zeros differ. The results are not those of XXH64
    itself, which handles longer texts and the last bytes in other steps.

    :param column: an Arrow ``string`` array without nulls.
    """
    offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4).astype(np.int64)
    data = column.buffers()[2]
    start, size = int(offsets[0]), int(offsets[-1] - offsets[0])
    padded = np.zeros(size + _WORD, np.uint8)
    if size:
        padded[:size] = np.frombuffer(data, np.uint8, size, start)
    # The eight bytes that begin at each byte, as one number.
    words = np.ndarray(size + 1, "<u8", padded.data, strides=(1,))
    hashes = np.empty(len(column), np.uint64)
    for first in range(0, len(column), _ROWS):
        bounds = offsets[first : first + _ROWS + 1] - start
        hashes[first : first + _ROWS] = _hash(words, bounds[:-1], np.diff(bounds))
    return hashes


def _hash(words: Hashes, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Hashes:
    hashes = _PRIME_5 + lengths.astype(np.uint64)
    rows: NDArray[np.int64] | slice = slice(None)
    shortest = int(lengths.min())
    for position in range(0, int(lengths.max()), _WORD):
        left = lengths - position
        if shortest <= position:
            rows = np.flatnonzero(left > 0)
            left = left[rows]
        found = words[starts[rows] + position]
        if shortest < position + _WORD:
            found &= _FILLED[np.minimum(left, _WORD)]
        hashes[rows] = _rotate(hashes[rows] ^ (_rotate(found * _PRIME_2, 31) * _PRIME_1), 27) * _PRIME_1 + _PRIME_4
    hashes ^= hashes >> np.uint64(33)
    hashes *= _PRIME_2
    hashes ^= hashes >> np.uint64(29)
    hashes *= _PRIME_3
    hashes ^= hashes >> np.uint64(32)
    return hashes


def _rotate(values: Hashes, bits: int) -> Hashes:
    return (values << np.uint64(bits)) | (values >> np.uint64(64 - bits))
