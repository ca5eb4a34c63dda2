"""Convert whole columns of phone numbers, as people write them, into ``+``, country code and number.

The converters use the same numbering plans as the models (the metadata of ``phonenumbers``), and decide only the simple
cases: digits, spaces, hyphens and brackets that make a number of the country, with or without its trunk prefix.
"""

from __future__ import annotations

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

#: Returns each cell's number without ``+`` (null where it is empty or undecided), and the undecided cells.
NumberConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

#: Digits of the longest country codes.
_MAX_CODE_LENGTH: Final = 3


def convert_international(column: Any) -> tuple[Any, Mask | None]:
    """Convert numbers that begin with ``+`` and have blanks, hyphens or brackets between their digits."""
    # The models accept a number without anything between its digits unchanged, as another converter does.
    separated = as_mask(pc.match_substring_regex(column, r"^\+[1-9][0-9]*[ ()-][0-9 ()-]*[0-9]$"))
    digits = pc.replace_substring_regex(column, "[+ ()-]", "")
    heads = pc.utf8_slice_codeunits(digits, 0, _MAX_CODE_LENGTH).dictionary_encode(null_encoding="encode")
    codes = np.array([_country_code(head or "") for head in heads.dictionary.to_pylist()], np.int64)
    codes = np.where(separated, codes[numpy_from_array(heads.indices)], 0)
    numbers = pa.nulls(len(column), pa.string())
    for code in np.unique(codes[codes > 0]).tolist():
        convert = select_number_converter(phonenumbers.region_code_for_country_code(code))
        if convert is not None:
            of_code = array_from_numpy(codes == code)
            converted, _ = convert(pc.utf8_slice_codeunits(digits.filter(of_code), len(str(code))))
            numbers = pc.replace_with_mask(numbers, of_code, converted)
    return numbers, none_if_clear(as_mask(pc.and_(column.is_valid(), numbers.is_null())))


def _country_code(digits: str) -> int:
    """Return the country code that a number begins with; 0 when there is none."""
    codes = (int(digits[:length] or 0) for length in range(1, _MAX_CODE_LENGTH + 1) if digits.isdigit())
    return next((code for code in codes if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)


@lru_cache(maxsize=300)
def select_number_converter(country: str) -> NumberConverter | None:
    """Return the converter of a column of one country's local numbers.

    :param country: ISO country the numbers were written in.
    :returns: the converter; ``None`` when the models must decide every number.
    """
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is None:
        return None
    main_country = phonenumbers.region_code_for_country_code(plan.country_code)
    if main_country != country:
        # Countries share the code, and the models use the plan of its main country.
        return None
    number = f"^(?:{plan.general_desc.national_number_pattern})$"
    code_digits = len(str(plan.country_code))
    possible = plan.general_desc.possible_length
    lengths = array_from_numpy(
        np.array([length for length in possible if length + code_digits <= PHONE_MAX_DIGITS], np.int32)
    )
    international = f"^(?:{plan.international_prefix})" if plan.international_prefix else None
    trunk_pattern = plan.national_prefix_for_parsing
    trunk_prefix = _simple_trunk_prefix(plan)

    def is_number(digits: Any) -> Any:
        return pc.and_(pc.match_substring_regex(digits, number), pc.is_in(pc.binary_length(digits), lengths))

    def convert(column: Any) -> tuple[Any, Mask | None]:
        plausible = pc.match_substring_regex(column, "^[0-9(][0-9 ()-]*$")
        digits = pc.replace_substring_regex(column, "[ ()-]", "")
        if international is not None:
            plausible = pc.and_not(plausible, pc.match_substring_regex(digits, international))
        local = is_number(digits)
        if trunk_pattern is not None:
            local = pc.and_not(local, pc.match_substring_regex(digits, f"^(?:{trunk_pattern})"))
        if trunk_prefix is not None:
            without_prefix = pc.utf8_slice_codeunits(digits, len(trunk_prefix))
            with_trunk_prefix = pc.and_(pc.starts_with(digits, trunk_prefix), is_number(without_prefix))
            digits = pc.if_else(with_trunk_prefix, without_prefix, digits)
            local = pc.or_(local, with_trunk_prefix)
        decided = pc.and_(plausible, local)
        full = pc.binary_join_element_wise(scalar(str(plan.country_code)), digits, scalar(""))
        undecided = ~as_mask(decided) & as_mask(column.is_valid())
        return pc.if_else(decided, full, null_scalar(pa.string())), undecided if undecided.any() else None

    return convert


def _simple_trunk_prefix(plan: Any) -> str | None:
    """Return the trunk prefix of a country where its local numbers only need it removed; else ``None``."""
    prefix, choices = plan.national_prefix, (plan.national_prefix_for_parsing or "").split("|")
    if plan.national_prefix_transform_rule is not None or not all(choice.isdigit() for choice in choices):
        return None
    return prefix if [choice for choice in choices if choice.startswith(prefix or "")] == [prefix] else None
