"""Screens by what a column holds: text, words, numbers, names. Which field takes which is not told here.

A screen may be narrow but never wrong: what it does not mark as doubtful, the law of :mod:`records` would accept and
turn into the same value. Everything else goes to the law, cell by cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

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
from airflow_provider_clevertap.records.limits import DISALLOWED_IDENTITIES, IDENTITY_CHARACTERS, VALUE_BYTES
from airflow_provider_clevertap.records.values import BLANK


class ConvertedColumn(NamedTuple):
    """A column as JSON.

    :param text: each cell's JSON without ``before`` and ``after``; null leaves the field out.
    :param doubtful: the rows only the law can judge; ``None`` when there are none.
    :param before: JSON text that stands before every value.
    :param after: JSON text that stands after every value.
    :param objections: for each cell the number of what the law has against it, 0 where it has nothing; ``None`` when
        there are no such cells.
    """

    text: Any
    doubtful: Mask | None = None
    before: str = ""
    after: str = ""
    objections: NDArray[np.int32] | None = None


Converter: TypeAlias = Callable[[Any], ConvertedColumn]

_EXACT_FLOATS = 2**53
_MOST_NAMES = 500
#: A push service's tokens are shorter; the law decides on longer ones.
_LONG_TOKEN = 8192
_WIDEST = 64
#: The law looks at the length before it takes blanks off; at 300 it has stopped reading numbers.
_LONGEST_TRIMMED = 300
_POINTED_INTEGER = r"^-?(0|[1-9][0-9]{0,17})\.0*$"
_LONGEST_REFUSED = max(map(len, DISALLOWED_IDENTITIES))
_REFUSED = pa.array(sorted(DISALLOWED_IDENTITIES))


def text(column: Any, limit: int = VALUE_BYTES) -> ConvertedColumn:
    """Take text of at most so many bytes, escaped."""
    view = TextArray(column)
    too_long = view.longer_than(limit)
    column = blank_out(column, too_long)
    doubtful = either(too_long, view.blank_at_start())
    if view.needs_escaping():
        column, control = escape(column)
        doubtful = either(doubtful, control)
    return ConvertedColumn(column, doubtful, '"', '"')


def identity(column: Any) -> ConvertedColumn:
    """Take text that says who a record belongs to."""
    view = TextArray(column)
    too_long = view.longer_than(IDENTITY_CHARACTERS - 1)
    doubtful = either(too_long, view.odd_at_an_end())
    if view.shorter_than(_LONGEST_REFUSED + 1) is not None:
        doubtful = either(doubtful, as_mask(pc.is_in(pc.utf8_lower(column), value_set=_REFUSED)))
    column = blank_out(column, too_long)
    if view.needs_escaping():
        column, control = escape(column)
        doubtful = either(doubtful, control)
    return ConvertedColumn(column, doubtful, '"', '"')


def token(column: Any) -> ConvertedColumn:
    """Take text without blanks around it."""
    screened = text(column, _LONG_TOKEN)
    return screened._replace(doubtful=either(screened.doubtful, TextArray(column).odd_at_an_end()))


def matching(pattern: str, before: str = "", after: str = "", limit: int = VALUE_BYTES) -> Converter:
    """Take cells that match a pattern whose every character may stand in JSON as it is."""

    def screen(column: Any) -> ConvertedColumn:
        doubtful = either(
            marks_of_false(pc.match_substring_regex(column, pattern)), TextArray(column).longer_than(limit)
        )
        return ConvertedColumn(blank_out(column, doubtful), doubtful, before, after)

    return screen


def or_else(first: Converter, second: Converter) -> Converter:
    """Take what either of two screens takes; the second sees only what the first leaves in doubt.

    :param second: puts the same before and after its values.
    """

    def screen(column: Any) -> ConvertedColumn:
        screened = first(column)
        if screened.doubtful is None:
            return screened
        again = second(column.filter(pa.array(screened.doubtful)))
        doubtful = screened.doubtful.copy()
        doubtful[screened.doubtful] = False if again.doubtful is None else again.doubtful
        text = screened.text
        if again.text.null_count < len(again.text):
            text = pc.replace_with_mask(text, pa.array(screened.doubtful), again.text)
        return screened._replace(text=text, doubtful=none_if_clear(doubtful))

    return screen


def trimmed(screen: Converter) -> Converter:
    """Take the same with blanks around it."""

    def without_blanks(column: Any) -> ConvertedColumn:
        too_long = TextArray(column).longer_than(_LONGEST_TRIMMED)
        screened = screen(pc.utf8_trim(blank_out(column, too_long), BLANK))
        return screened._replace(doubtful=either(too_long, screened.doubtful))

    return or_else(screen, without_blanks)


def _pointed_integers(column: Any) -> ConvertedColumn:
    """Take whole numbers written ``5.0``, as pandas does where a column has gaps."""
    doubtful = marks_of_false(pc.match_substring_regex(column, _POINTED_INTEGER))
    return ConvertedColumn(pc.replace_substring_regex(blank_out(column, doubtful), r"\..*$", ""), doubtful)


#: Takes text that is a whole number.
integers = trimmed(or_else(matching(r"^-?(0|[1-9][0-9]{0,17})$"), _pointed_integers))


def words(meanings: Mapping[str, str], before: str = "", after: str = "") -> Converter:
    """Take cells that are one of a few words, in the cases people type."""
    spellings = {
        spelling: word
        for key, word in meanings.items()
        for spelling in {key, key.upper(), key.title(), key.capitalize()}
    }
    known = pa.array(list(spellings))
    meaning = pa.array(list(spellings.values()))

    def screen(column: Any) -> ConvertedColumn:
        places = pc.index_in(column, value_set=known)
        unknown = places.null_count > column.null_count
        doubtful = as_mask(pc.and_(places.is_null(), column.is_valid())) if unknown else None
        return ConvertedColumn(meaning.take(places), doubtful, before, after)

    return screen


def whole_numbers(column: Any) -> ConvertedColumn:
    """Take integers."""
    return ConvertedColumn(column.cast(pa.string()))


def numbers_between(low: int, high: int | None = None, before: str = "", after: str = "") -> Converter:
    """Take integers of a range, its ends included."""

    def screen(column: Any) -> ConvertedColumn:
        outside = as_mask(pc.less(column, pa.scalar(low, column.type)))
        if high is not None and column.type.bit_width == _WIDEST:
            outside = outside | as_mask(pc.greater(column, pa.scalar(high, column.type)))
        return ConvertedColumn(column.cast(pa.string()), outside if outside.any() else None, before, after)

    return screen


def floats(column: Any) -> ConvertedColumn:
    """Take finite floats; NaN is an empty cell."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    infinite = as_mask(pc.is_inf(column))
    return ConvertedColumn(column.cast(pa.string()), infinite if infinite.any() else None)


def whole_floats(column: Any) -> ConvertedColumn:
    """Take floats that are whole: what pandas makes of integers with gaps."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _EXACT_FLOATS))
    doubtful = ~as_mask(whole) & as_mask(column.is_valid())
    column = blank_out(column, doubtful if doubtful.any() else None)
    return ConvertedColumn(column.cast(pa.int64()).cast(pa.string()), doubtful if doubtful.any() else None)


def flags(column: Any) -> ConvertedColumn:
    """Take booleans."""
    return ConvertedColumn(pc.if_else(column, "true", "false"))


def written_out(screen: Converter) -> Converter:
    """Take a column as the text of its cells."""
    return lambda column: screen(column.cast(pa.string()))


def names(reader: Callable[[Any], str]) -> Converter:
    """Take text of which a column has few different values: each is read once.

    :param reader: the law's own reader of such a value.
    """

    def screen(column: Any) -> ConvertedColumn:
        distinct = pc.unique(column).drop_null()
        if len(distinct) > _MOST_NAMES:
            return ConvertedColumn(pa.nulls(len(column), pa.string()), as_mask(column.is_valid()))
        read = pa.array([_written_name(reader, name) for name in distinct.to_pylist()], pa.string())
        found = read.take(pc.index_in(column, value_set=distinct))
        doubtful = as_mask(pc.and_(found.is_null(), column.is_valid()))
        return ConvertedColumn(found, doubtful if doubtful.any() else None)

    return screen


def _written_name(reader: Callable[[Any], str], name: str) -> str | None:
    try:
        return json.dumps(reader(name), ensure_ascii=False)
    except PydanticCustomError:
        return None
