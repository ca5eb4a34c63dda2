"""Convert whole columns of phone numbers, as people write them, into ``+``, country code and number.

The converters use the same numbering plans as the models (the metadata of ``phonenumbers``), and decide only the simple
cases: digits, spaces, hyphens and brackets that make a number of the country, with or without its trunk prefix or its
country code.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, null_scalar, numpy_from_array, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, as_mask, none_if_clear
from airflow_provider_clevertap.records.limits import PHONE_MAX_DIGITS
from airflow_provider_clevertap.records.phones import FLOAT_FORM, SEPARATED_FORM, PhoneCheck

#: Returns each cell's number without ``+`` (null where it is empty or undecided), and the undecided cells.
NumberConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

#: Digits of the longest country codes.
_MAX_CODE_LENGTH: Final = 3
#: The types of numbers in a numbering plan; a valid number is of one of them.
_TYPES: Final = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip


def select_rewriting(country: str | None) -> Callable[[Any], Any]:
    """Return the function that rewrites numbers whose dots or slash can be nothing but punctuation.

    It returns these with a hyphen instead, and whole numbers written as floats without ``.0``; null for others.

    :param country: ISO country of numbers without ``+``.
    """
    plan: Any = None if country is None else phonenumbers.PhoneMetadata.metadata_for_region(country)
    shortest = 0 if plan is None else min(plan.general_desc.possible_length)

    def rewrite(column: Any) -> Any:
        whole = pc.match_substring_regex(column, f"^{FLOAT_FORM}$")
        column = pc.if_else(whole, pc.replace_substring_regex(column, r"\..*$", ""), column)
        separated = pc.match_substring_regex(column, f"^{SEPARATED_FORM}$")
        # Fewer than four digits at the end are not a second number if those before them are too few for a number.
        before = pc.replace_substring_regex(pc.replace_substring_regex(column, r"\.[^.]*$", ""), "[^0-9]", "")
        too_few = pc.and_not(pc.less(pc.utf8_length(before), scalar(shortest)), pc.starts_with(column, "+"))
        clear = pc.or_(pc.match_substring_regex(column, r"[./][^./]*(?:[0-9][ ()-]*){4}$"), too_few)
        usable = pc.or_(whole, pc.and_(separated, clear))
        return pc.if_else(usable, pc.replace_substring_regex(column, "[./]", "-"), null_scalar(column.type))

    return rewrite


def convert_international(column: Any) -> tuple[Any, Mask | None]:
    """Convert valid numbers that begin with ``+`` and have blanks, hyphens or brackets between their digits."""
    # The models accept a number without anything between its digits unchanged, as another converter does.
    separated = as_mask(pc.match_substring_regex(column, r"^\+[1-9][0-9]*[ ()-][0-9 ()-]*[0-9]$"))
    digits = pc.replace_substring_regex(column, "[+ ()-]", "")
    heads = pc.utf8_slice_codeunits(digits, 0, _MAX_CODE_LENGTH).dictionary_encode(null_encoding="encode")
    codes = np.array([_country_code(head or "") for head in heads.dictionary.to_pylist()], np.int64)
    codes = np.where(separated, codes[numpy_from_array(heads.indices)], 0)
    numbers = pa.nulls(len(column), pa.string())
    for code in np.flatnonzero(np.bincount(codes[codes > 0])).tolist():
        convert = select_number_converter(phonenumbers.region_code_for_country_code(code), with_code=False)
        if convert is not None:
            of_code = array_from_numpy(codes == code)
            converted, _ = convert(pc.utf8_slice_codeunits(digits.filter(of_code), len(str(code))))
            numbers = pc.replace_with_mask(numbers, of_code, converted)
    return numbers, none_if_clear(as_mask(pc.and_(column.is_valid(), numbers.is_null())))


def _country_code(digits: str) -> int:
    """Return the country code that a number begins with; 0 when there is none."""
    codes = (int(digits[:length] or 0) for length in range(1, _MAX_CODE_LENGTH + 1) if digits.isdecimal())
    return next((code for code in codes if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)


@lru_cache(maxsize=300)
def select_number_converter(
    country: str, check: PhoneCheck = "valid", *, with_code: bool = True
) -> NumberConverter | None:
    """Return the converter of a column of one country's local numbers.

    :param country: ISO country the numbers were written in.
    :param check: what the numbers must be.
    :param with_code: the numbers may begin with the country's code.
    :returns: the converter; ``None`` when the models must decide every number.
    """
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is None:
        return None
    code = str(plan.country_code)
    main_country = phonenumbers.region_code_for_country_code(plan.country_code)
    # Countries may share a code. A number is read with the plan of its country, and its length must be one of the main
    # country's.
    main_plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(main_country)
    possible = {*plan.general_desc.possible_length} & {*main_plan.general_desc.possible_length}
    number = f"^(?:{plan.general_desc.national_number_pattern})$"
    lengths = _lengths(length for length in sorted(possible) if length + len(code) <= PHONE_MAX_DIGITS)
    international = f"^(?:{plan.international_prefix})" if plan.international_prefix else None
    trunk_pattern = plan.national_prefix_for_parsing
    trunk_prefix = _simple_trunk_prefix(plan)
    is_valid = _select_validity(plan.country_code)

    def is_number(digits: Any) -> Any:
        return pc.and_(pc.match_substring_regex(digits, number), pc.is_in(pc.binary_length(digits), lengths))

    def after(digits: Any, start: str) -> Any:
        """Return what follows the start of the digits that have it; null for others."""
        rest = pc.utf8_slice_codeunits(digits, len(start))
        return pc.if_else(pc.starts_with(digits, start), rest, null_scalar(rest.type))

    def without_trunk_pattern(digits: Any, matches: Any) -> Any:
        if trunk_pattern is None:
            return matches
        return pc.and_not(matches, pc.match_substring_regex(digits, f"^(?:{trunk_pattern})"))

    def convert(column: Any) -> tuple[Any, Mask | None]:
        plausible = pc.match_substring_regex(column, "^[0-9(][0-9 ()-]*$")
        digits = pc.replace_substring_regex(column, "[ ()-]", "")
        if international is not None:
            plausible = pc.and_not(plausible, pc.match_substring_regex(digits, international))
        complete = is_number(digits)
        local = without_trunk_pattern(digits, complete)
        if with_code:
            # Two readings may be possible, as a local number and as one with the country's code.
            rest = after(digits, code)
            only_local = without_trunk_pattern(rest, pc.invert(is_valid(rest)))
            local = pc.and_(local, pc.fill_null(only_local, scalar(True)))
        national = digits
        if trunk_prefix is not None:
            without_prefix = after(digits, trunk_prefix)
            with_trunk_prefix = pc.fill_null(is_number(without_prefix), scalar(False))
            national = pc.if_else(with_trunk_prefix, without_prefix, national)
            local = pc.or_(local, with_trunk_prefix)
        if with_code:
            has_code = pc.and_not(without_trunk_pattern(rest, is_number(rest)), pc.or_(local, complete))
            has_code = pc.fill_null(has_code, scalar(False))
            national = pc.if_else(has_code, rest, national)
            local = pc.or_(local, has_code)
        decided = pc.and_(plausible, local)
        valid = is_valid(national)
        # Without anything between its digits a number cannot be two numbers, or one with an extension.
        decided = pc.and_(decided, valid if check == "valid" else pc.or_(valid, pc.equal(digits, column)))
        full = pc.binary_join_element_wise(scalar(code), national, scalar(""))
        undecided = ~as_mask(decided) & as_mask(column.is_valid())
        return pc.if_else(decided, full, null_scalar(pa.string())), undecided if undecided.any() else None

    return convert


@lru_cache(maxsize=300)
def _select_validity(country_code: int) -> Callable[[Any], Any]:
    """Return the function that marks the numbers which are valid in a numbering plan of a country code."""
    countries = [
        (None if plan.leading_digits is None else f"^(?:{plan.leading_digits})", _select_type_check(plan))
        for plan in map(
            phonenumbers.PhoneMetadata.metadata_for_region, phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country_code]
        )
        if plan is not None
    ]

    def is_valid(digits: Any) -> Any:
        valid = np.zeros(len(digits), np.bool_)
        # Of the countries that share the code, a number belongs to the first that has its leading digits, or where no
        # leading digits are listed, to the first in which it has a type.
        rows = np.flatnonzero(numpy_from_array(digits.is_valid()))
        for leading_digits, has_type in countries:
            if not len(rows):
                break
            rest = digits.take(array_from_numpy(rows)) if len(rows) < len(digits) else digits
            typed = as_mask(has_type(rest))
            valid[rows[typed]] = True
            found = typed
            if leading_digits is not None:
                found = as_mask(pc.match_substring_regex(rest, leading_digits))
                valid[rows[typed & ~found]] = False
            rows = rows[~found]
        return array_from_numpy(valid)

    return is_valid


def _select_type_check(plan: Any) -> Callable[[Any], Any]:
    """Return the function that marks the numbers that have a type in a numbering plan."""
    patterns: dict[tuple[int, ...], list[str]] = {}
    for description in (getattr(plan, name) for name in _TYPES):
        if description is not None and description.national_number_pattern:
            # Without lengths of its own a type has those of the whole plan.
            lengths = description.possible_length or plan.general_desc.possible_length
            patterns.setdefault(lengths, []).append(description.national_number_pattern)
    tests = [(f"^(?:{'|'.join(alternatives)})$", _lengths(lengths)) for lengths, alternatives in patterns.items()]
    general = f"^(?:{plan.general_desc.national_number_pattern})$"

    def has_type(digits: Any) -> Any:
        sizes = pc.binary_length(digits)
        matches = (
            pc.and_(pc.match_substring_regex(digits, pattern), pc.is_in(sizes, lengths)) for pattern, lengths in tests
        )
        return pc.and_(functools.reduce(pc.or_, matches), pc.match_substring_regex(digits, general))

    return has_type


def _lengths(lengths: Any) -> Any:
    return array_from_numpy(np.array(list(lengths), np.int32))


def _simple_trunk_prefix(plan: Any) -> str | None:
    """Return the trunk prefix of a country where its local numbers only need it removed; else ``None``."""
    prefix, choices = plan.national_prefix, (plan.national_prefix_for_parsing or "").split("|")
    if plan.national_prefix_transform_rule is not None or not all(choice.isdigit() for choice in choices):
        return None
    return prefix if [choice for choice in choices if choice.startswith(prefix or "")] == [prefix] else None
