"""Whole columns of local phone numbers turned into ``+`` country code number, where that is certain.

It reads the same numbering plans the law reads (the metadata of ``phonenumbers``), and takes only the plain cases:
digits, spaces, hyphens and brackets that make a number of the country, with or without its trunk prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.text_columns import Mask, as_mask

#: Gives each cell's number without ``+`` (null where it is empty or doubtful), and the doubtful cells.
NumberScreen: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]


def choose_number_screen(country: str) -> NumberScreen | None:
    """Find how a column of one country's local numbers is read at once.

    :param country: ISO country the numbers were written in.
    :returns: the screen; ``None`` when every number must go to the law.
    """
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(country)
    shared = phonenumbers.region_code_for_country_code(plan.country_code)
    if shared != country:
        # The law measures such numbers by the plan of the country that leads the shared code.
        return None
    number = f"^(?:{plan.general_desc.national_number_pattern})$"
    lengths = pa.array(plan.general_desc.possible_length, pa.int32())
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
