"""Whole columns of phone numbers as people write them turned into ``+`` country code number, where that is certain.

It reads the same numbering plans the law reads (the metadata of ``phonenumbers``), and takes only the plain cases:
digits, spaces, hyphens and brackets that make a number of the country, with or without its trunk prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.text_arrays import Mask, as_mask, none_if_clear
from airflow_provider_clevertap.records.limits import PHONE_MAX_DIGITS

#: Gives each cell's number without ``+`` (null where it is empty or doubtful), and the doubtful cells.
NumberConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

#: Digits of the longest country codes.
_LONGEST_CODE: Final = 3


def read_international(column: Any) -> tuple[Any, Mask | None]:
    """Read numbers that begin with ``+`` and have blanks, hyphens or brackets between their digits."""
    # Without anything between its digits the law takes a number as it is.
    written = as_mask(pc.match_substring_regex(column, r"^\+[1-9][0-9]*[ ()-][0-9 ()-]*[0-9]$"))
    digits = pc.replace_substring_regex(column, "[+ ()-]", "")
    heads = pc.utf8_slice_codeunits(digits, 0, _LONGEST_CODE).dictionary_encode(null_encoding="encode")
    codes = np.array([_country_code(head or "") for head in heads.dictionary.to_pylist()], np.int64)
    codes = np.where(written, codes[heads.indices.to_numpy()], 0)
    numbers = pa.nulls(len(column), pa.string())
    for code in np.unique(codes[codes > 0]).tolist():
        screen = select_number_converter(phonenumbers.region_code_for_country_code(code))
        if screen is not None:
            here = pa.array(codes == code)
            found, _ = screen(pc.utf8_slice_codeunits(digits.filter(here), len(str(code))))
            numbers = pc.replace_with_mask(numbers, here, found)
    return numbers, none_if_clear(as_mask(pc.and_(column.is_valid(), numbers.is_null())))


def _country_code(digits: str) -> int:
    """Give the country code that a number begins with; 0 when there is none."""
    codes = (int(digits[:length] or 0) for length in range(1, _LONGEST_CODE + 1) if digits.isdigit())
    return next((code for code in codes if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)


@lru_cache(maxsize=300)
def select_number_converter(country: str) -> NumberConverter | None:
    """Find how a column of one country's local numbers is read at once.

    :param country: ISO country the numbers were written in.
    :returns: the screen; ``None`` when every number must go to the law.
    """
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is None:
        return None
    shared = phonenumbers.region_code_for_country_code(plan.country_code)
    if shared != country:
        # The law measures such numbers by the plan of the country that leads the shared code.
        return None
    number = f"^(?:{plan.general_desc.national_number_pattern})$"
    code_digits = len(str(plan.country_code))
    possible = plan.general_desc.possible_length
    lengths = pa.array([one for one in possible if one + code_digits <= PHONE_MAX_DIGITS], pa.int32())
    abroad = f"^(?:{plan.international_prefix})" if plan.international_prefix else None
    trunk = plan.national_prefix_for_parsing
    plain = _plain_trunk_prefix(plan)

    def is_number(digits: Any) -> Any:
        return pc.and_(pc.match_substring_regex(digits, number), pc.is_in(pc.binary_length(digits), lengths))

    def screen(column: Any) -> tuple[Any, Mask | None]:
        written = pc.match_substring_regex(column, "^[0-9(][0-9 ()-]*$")
        digits = pc.replace_substring_regex(column, "[ ()-]", "")
        if abroad is not None:
            written = pc.and_not(written, pc.match_substring_regex(digits, abroad))
        local = is_number(digits)
        if trunk is not None:
            local = pc.and_not(local, pc.match_substring_regex(digits, f"^(?:{trunk})"))
        if plain is not None:
            without = pc.utf8_slice_codeunits(digits, len(plain))
            trunked = pc.and_(pc.starts_with(digits, plain), is_number(without))
            digits = pc.if_else(trunked, without, digits)
            local = pc.or_(local, trunked)
        sure = pc.and_(written, local)
        full = pc.binary_join_element_wise(str(plan.country_code), digits, "")
        doubtful = ~as_mask(sure) & as_mask(column.is_valid())
        return pc.if_else(sure, full, pa.scalar(None, pa.string())), doubtful if doubtful.any() else None

    return screen


def _plain_trunk_prefix(plan: Any) -> str | None:
    """Give the trunk prefix of a country where dropping it is all there is to do."""
    prefix, choices = plan.national_prefix, (plan.national_prefix_for_parsing or "").split("|")
    if plan.national_prefix_transform_rule is not None or not all(choice.isdigit() for choice in choices):
        return None
    return prefix if [choice for choice in choices if choice.startswith(prefix or "")] == [prefix] else None
