"""Converters by what a column holds: text, words, numbers, names. ``select`` chooses the converter of each field.

A converter may leave valid cells undecided, but it must never be wrong: the models of :mod:`records` would accept every
cell it decides, and turn it into the same value. The models decide the undecided cells one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.loading.encoding.vectorized.placeholders import mark_placeholders
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, array_from_texts, null_scalar, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import (
    Mask,
    TextArray,
    as_mask,
    blank_out,
    either,
    escape,
    marks_of_false,
    none_if_clear,
)
from airflow_provider_clevertap.records.limits import IDENTITY_CHARACTERS, VALUE_BYTES
from airflow_provider_clevertap.records.texts.characters import BLANK, INVISIBLE
from airflow_provider_clevertap.records.values import is_empty


class ConvertedColumn(NamedTuple):
    """A column as JSON.

    :param text: each cell's JSON without ``before`` and ``after``; null leaves the field out.
    :param undecided: marks the cells that the models must decide; ``None`` when there are none.
    :param before: JSON text that stands before every value.
    :param after: JSON text that stands after every value.
    :param issue_numbers: for each cell the number of its issue, 0 for no issue; ``None`` when no cell has an issue.
    """

    text: Any
    undecided: Mask | None = None
    before: str = ""
    after: str = ""
    issue_numbers: NDArray[np.int32] | None = None


#: Converts an Arrow column, or a column of Python values.
Converter: TypeAlias = Callable[[Any], ConvertedColumn]

_EXACT_FLOATS = 2**53
#: Distinct values up to which a column is converted by its distinct values.
_MAX_NAMES = 500
#: Bytes. The tokens of push services are shorter; the models decide longer ones.
_MAX_TOKEN = 8192
#: Only integers of this width can lie outside the ranges checked here.
_FULL_WIDTH = 64
#: The models check the length of text before they remove blanks, and read no number as long as this.
_MAX_TRIMMED = 300
_INTEGER_WITH_POINT = r"^-?(0|[1-9][0-9]{0,17})\.0*$"
_HIDDEN = f"[{INVISIBLE}]"


def undecided_values(values: Sequence[Any]) -> ConvertedColumn:
    """Leave every value that is not empty undecided."""
    filled = np.array([not is_empty(value) for value in values], np.bool_)
    return ConvertedColumn(pa.nulls(len(values), pa.string()), none_if_clear(filled))


def text(column: Any, limit: int = VALUE_BYTES) -> ConvertedColumn:
    """Convert text of at most ``limit`` bytes, escaped."""
    view = TextArray(column)
    too_long = view.longer_than(limit)
    column = blank_out(column, too_long)
    undecided = too_long
    if view.needs_escaping():
        column, control = escape(column)
        undecided = either(undecided, control)
    return ConvertedColumn(column, undecided, '"', '"')


def identity(column: Any) -> ConvertedColumn:
    """Convert text that identifies the owner of a record."""
    view = TextArray(column)
    too_long = view.longer_than(IDENTITY_CHARACTERS - 1)
    undecided = either(either(too_long, view.odd_at_an_end()), mark_placeholders(column))
    column = blank_out(column, too_long)
    if not view.is_ascii():
        undecided = either(undecided, none_if_clear(as_mask(pc.match_substring_regex(column, _HIDDEN))))
    if view.needs_escaping():
        column, control = escape(column)
        undecided = either(undecided, control)
    return ConvertedColumn(column, undecided, '"', '"')


def token(column: Any) -> ConvertedColumn:
    """Convert text without blanks around it."""
    converted = text(column, _MAX_TOKEN)
    undecided = either(TextArray(column).odd_at_an_end(), mark_placeholders(column))
    return converted._replace(undecided=either(converted.undecided, undecided))


def matching(pattern: str, before: str = "", after: str = "", limit: int = VALUE_BYTES) -> Converter:
    """Return a converter of cells that match a pattern; no character it matches may need escaping in JSON."""

    def convert(column: Any) -> ConvertedColumn:
        undecided = either(
            marks_of_false(pc.match_substring_regex(column, pattern)), TextArray(column).longer_than(limit)
        )
        return ConvertedColumn(blank_out(column, undecided), undecided, before, after)

    return convert


def or_else(first: Converter, second: Converter) -> Converter:
    """Return a converter that applies the second to the cells that the first leaves undecided.

    :param second: must put the same text before and after its values as the first.
    """

    def convert(column: Any) -> ConvertedColumn:
        converted = first(column)
        if converted.undecided is None:
            return converted
        retried = second(column.filter(array_from_numpy(converted.undecided)))
        undecided = converted.undecided.copy()
        undecided[converted.undecided] = False if retried.undecided is None else retried.undecided
        text = converted.text
        if retried.text.null_count < len(retried.text):
            text = pc.replace_with_mask(text, array_from_numpy(converted.undecided), retried.text)
        return converted._replace(text=text, undecided=none_if_clear(undecided))

    return convert


def rewritten(rewrite: Callable[[Any], Any], converter: Converter) -> Converter:
    """Return a converter that applies ``converter`` to rewritten cells.

    :param rewrite: returns the cells in another form; null for those it cannot rewrite, which stay undecided.
    """

    def convert(column: Any) -> ConvertedColumn:
        cells = rewrite(column)
        converted = converter(cells)
        unchanged = none_if_clear(as_mask(pc.and_(column.is_valid(), cells.is_null())))
        return converted._replace(undecided=either(unchanged, converted.undecided))

    return convert


def trimmed(converter: Converter) -> Converter:
    """Return a converter that also accepts blanks around the cells that ``converter`` accepts."""

    def without_blanks(column: Any) -> ConvertedColumn:
        too_long = TextArray(column).longer_than(_MAX_TRIMMED)
        converted = converter(pc.utf8_trim(blank_out(column, too_long), BLANK))
        return converted._replace(undecided=either(too_long, converted.undecided))

    return or_else(converter, without_blanks)


def _integers_with_point(column: Any) -> ConvertedColumn:
    """Convert whole numbers written ``5.0``, as pandas writes them where a column has gaps."""
    undecided = marks_of_false(pc.match_substring_regex(column, _INTEGER_WITH_POINT))
    return ConvertedColumn(pc.replace_substring_regex(blank_out(column, undecided), r"\..*$", ""), undecided)


#: Converts text that is a whole number.
integers = trimmed(or_else(matching(r"^-?(0|[1-9][0-9]{0,17})$"), _integers_with_point))


def words(meanings: Mapping[str, str], before: str = "", after: str = "") -> Converter:
    """Return a converter of cells that are one of a few words, in the usual capitalisations."""
    spellings = {
        spelling: word
        for key, word in meanings.items()
        for spelling in {key, key.upper(), key.title(), key.capitalize()}
    }

    @cache
    def arrays() -> tuple[Any, Any]:
        return array_from_texts(list(spellings)), array_from_texts(list(spellings.values()))

    def convert(column: Any) -> ConvertedColumn:
        known, meaning = arrays()
        indices = pc.index_in(column, value_set=known)
        unknown = indices.null_count > column.null_count
        undecided = as_mask(pc.and_(indices.is_null(), column.is_valid())) if unknown else None
        return ConvertedColumn(meaning.take(indices), undecided, before, after)

    return convert


def whole_numbers(column: Any) -> ConvertedColumn:
    """Convert integers."""
    return ConvertedColumn(column.cast(pa.string()))


def numbers_between(low: int, high: int | None = None, before: str = "", after: str = "") -> Converter:
    """Return a converter of integers in a range, both ends included."""

    def convert(column: Any) -> ConvertedColumn:
        outside = as_mask(pc.less(column, scalar(low, column.type)))
        if high is not None and column.type.bit_width == _FULL_WIDTH:
            outside = outside | as_mask(pc.greater(column, scalar(high, column.type)))
        return ConvertedColumn(column.cast(pa.string()), outside if outside.any() else None, before, after)

    return convert


def floats(column: Any) -> ConvertedColumn:
    """Convert finite floats; NaN is an empty cell."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), null_scalar(pa.float64()), column)
    infinite = as_mask(pc.is_inf(column))
    return ConvertedColumn(column.cast(pa.string()), infinite if infinite.any() else None)


def whole_floats(column: Any) -> ConvertedColumn:
    """Convert floats that are whole numbers: as pandas stores integers with gaps."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), null_scalar(pa.float64()), column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), scalar(float(_EXACT_FLOATS))))
    undecided = ~as_mask(whole) & as_mask(column.is_valid())
    column = blank_out(column, undecided if undecided.any() else None)
    return ConvertedColumn(column.cast(pa.int64()).cast(pa.string()), undecided if undecided.any() else None)


def flags(column: Any) -> ConvertedColumn:
    """Convert booleans."""
    return ConvertedColumn(pc.if_else(column, scalar("true"), scalar("false")))


def as_text(converter: Converter) -> Converter:
    """Return a converter that writes the cells as text and applies ``converter``."""
    return lambda column: converter(column.cast(pa.string()))


def names(reader: Callable[[Any], str]) -> Converter:
    """Return a converter of text with few distinct values: each is read once.

    :param reader: the function with which the models read such a value.
    """

    def convert(column: Any) -> ConvertedColumn:
        encoded = column.dictionary_encode()
        if len(encoded.dictionary) > _MAX_NAMES:
            return ConvertedColumn(pa.nulls(len(column), pa.string()), as_mask(column.is_valid()))
        texts = array_from_texts([_read_name(reader, name) for name in encoded.dictionary.to_pylist()])
        if not texts.null_count:
            return ConvertedColumn(pa.DictionaryArray.from_arrays(encoded.indices, texts, safe=False))
        text = texts.take(encoded.indices)
        return ConvertedColumn(text, none_if_clear(as_mask(pc.and_(text.is_null(), column.is_valid()))))

    return convert


def _read_name(reader: Callable[[Any], str], name: str) -> str | None:
    try:
        return json.dumps(reader(name), ensure_ascii=False)
    except PydanticCustomError:
        return None
