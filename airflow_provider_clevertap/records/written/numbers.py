"""Read numbers as people and programs of many countries write them: ``1.234,56 €``, ``(1,23,456)``, ``12 %``.

What a point or a comma means is never guessed: the mapping declares it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from airflow_provider_clevertap.records.texts.characters import BLANK
from airflow_provider_clevertap.records.written.currencies import ABBREVIATIONS, CODES, SIGNS

#: The hyphen, and what keyboards, word processors and typesetters write for a minus.
MINUS: Final = "-\u2212\u2013\u2010\u2011\ufe63\uff0d"
#: In place of decimals they say that there are none: ``12,- €``.
_NO_DECIMALS: Final = MINUS + "\u2014"
#: The characters that may stand between groups of digits, by the one that declares them.
GROUP_MARKS: Final = {",": ",", ".": ".", " ": " \u00a0\u2007\u2009\u202f", "'": "'\u2019"}
#: Groups as the whole world writes them, and as India does: 1,234,567 and 12,34,567.
GROUPS: Final = "[1-9][0-9]{{0,2}}(?:[{marks}][0-9]{{3}})+"
INDIAN_GROUPS: Final = "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
#: Follows amounts in India: ``Rs. 500/-``.
_ONLY: Final = "/-"
_MAX_CHARACTERS: Final = 300
#: Most numbers, which read the same whatever else is declared, by the character before their decimals.
_SIMPLE: Final = {mark: re.compile(rf"-?[0-9]+(?:\{mark}[0-9]+)?") for mark in (".", ",")}
#: A sign, a currency and a bracket on one side of the digits.
_MAX_TOKENS: Final = 3
#: What a currency cannot contain, since it would look like a part of the number.
_NO_CURRENCY: Final = re.compile(rf"[0-9%()+{re.escape(MINUS)}]")


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How the numbers of a column are written.

    :param decimal: the character before decimals.
    :param thousands: the character between groups of digits; ``None`` when there is none.
    :param currencies: what may stand before or after an amount; empty for no currency.
    :param percent: a per cent sign may stand before or after a number.
    :param fraction: ``12%`` is 0.12 instead of 12.
    :param parentheses: a number in parentheses is negative.
    """

    decimal: str = "."
    thousands: str | None = None
    currencies: tuple[str, ...] = ()
    percent: bool = True
    fraction: bool = False
    parentheses: bool = False

    def with_percent(self) -> NumberStyle:
        """Return the style in which a per cent sign may stand beside a number, too."""
        return replace(self, percent=True)

    def example(self, *, whole: bool) -> str:
        """Return a number in this style."""
        return f"1{self.thousands or ''}234{'' if whole else f'{self.decimal}56'}"

    def plain(self, text: str) -> str | None:
        """Return a number as Python writes it, such as ``-1234.56``; ``None`` when it is not written in this style."""
        if len(text) > _MAX_CHARACTERS:
            return None
        if _SIMPLE[self.decimal].fullmatch(text):
            return text if self.decimal == "." else text.replace(self.decimal, ".")
        found = _pattern(self).fullmatch(text)
        if found is None:
            return None
        before, after = (_tokens(self).findall(found[side]) for side in ("before", "after"))
        tokens = [*before, *after]
        signs = [token for token in tokens if token in f"+{MINUS}"]
        brackets = [token for token in tokens if token in "()"]
        marks = [token for token in tokens if token not in (*signs, *brackets, _ONLY)]
        if len(signs) + len(brackets) // 2 > 1 or len(marks) > 1 or _ONLY in before:
            return None
        if brackets and not (brackets == ["(", ")"] and "(" in before and ")" in after):
            return None
        if marks == ["%"] and found["power"]:
            return None
        decimals = found["decimals"]
        if found["rest"] and not decimals and any(token in signs for token in after):
            return None  # 12, - may be 12 or -12
        number = found["whole"].translate(_without(self.thousands)) + (f".{decimals}" if decimals else "")
        if marks == ["%"] and self.fraction:
            number = _hundredth(number)
        negative = brackets or (signs and signs[0] in MINUS)
        return f"{'-' if negative else ''}{number}{found['power']}"


#: How numbers are written where nothing is declared.
PLAIN: Final = NumberStyle()


def make_style(
    decimal: str | None,
    thousands: str | None,
    currency: bool | str | Sequence[str] | None,
    percent: bool | str | None,
    *,
    parentheses: bool = False,
) -> NumberStyle:
    """Return the style that a mapping declares.

    :raises ValueError: when an argument is not known, or two of them contradict each other.
    """
    decimal = "." if decimal is None else decimal
    if decimal not in (".", ","):
        raise ValueError(f"decimal={decimal!r} is not known; use '.' or ','")
    declared = next((mark for mark, marks in GROUP_MARKS.items() if thousands and thousands in marks), None)
    if thousands is not None and declared is None:
        raise ValueError(f"thousands={thousands!r} is not known; use {', '.join(map(repr, GROUP_MARKS))}")
    if declared == decimal:
        other = "," if decimal == "." else "."
        raise ValueError(f"decimal and thousands are both {decimal!r}: one of them must be another, such as {other!r}")
    if not (percent is None or isinstance(percent, bool) or percent in ("number", "fraction")):
        raise ValueError(f"percent={percent!r} is not known; use true (12% is 12) or 'fraction' (12% is 0.12)")
    if not isinstance(parentheses, bool):
        raise ValueError("parentheses must be true or false")
    currencies = _currencies(currency)
    return NumberStyle(
        decimal,
        declared,
        currencies,
        # A percentage among amounts of money is not an amount.
        percent=not currencies if percent is None else bool(percent),
        fraction=percent == "fraction",
        parentheses=parentheses,
    )


def _currencies(currency: bool | str | Sequence[str] | None) -> tuple[str, ...]:
    if currency is None or currency is False:
        return ()
    if currency is True:
        return (*SIGNS, *CODES, *ABBREVIATIONS)
    listed = [currency] if isinstance(currency, str) else currency
    if not isinstance(listed, Sequence) or not listed or not all(isinstance(one, str) for one in listed):
        raise ValueError("currency must be true, or a currency as the cells write it, or a list of these")
    for one in listed:
        if _NO_CURRENCY.search(one) or not any(letter.isalpha() or letter in SIGNS for letter in one):
            raise ValueError(f"currency {one!r} is not a currency: write its sign or its letters, such as '€' or 'EUR'")
    return tuple(one.strip(BLANK) for one in listed)


def _hundredth(number: str) -> str:
    whole, _, decimals = number.partition(".")
    digits = whole.zfill(3)
    return f"{digits[:-2]}.{digits[-2:]}{decimals}"


def _without(thousands: str | None) -> dict[int, None]:
    return dict.fromkeys(map(ord, GROUP_MARKS.get(thousands or "", "")))


@lru_cache(maxsize=64)
def _tokens(style: NumberStyle) -> re.Pattern[str]:
    """Return a pattern for what may stand around the digits."""
    marks = [f"[{re.escape(MINUS)}+]", *(["%"] if style.percent else [])]
    marks += [r"\(", r"\)"] if style.parentheses else []
    if style.currencies:
        marks += [re.escape(_ONLY), *(re.escape(one) for one in sorted(style.currencies, key=len, reverse=True))]
    return re.compile("|".join(marks), re.IGNORECASE)


@lru_cache(maxsize=64)
def _pattern(style: NumberStyle) -> re.Pattern[str]:
    blanks = f"[{re.escape(BLANK)}]*"
    around = f"{blanks}(?:(?:{_tokens(style).pattern}){blanks}){{0,{_MAX_TOKENS}}}"
    wholes = ["[0-9]+"]
    if style.thousands is not None:
        wholes.insert(0, GROUPS.format(marks=re.escape(GROUP_MARKS[style.thousands])))
    if style.thousands == ",":
        wholes.insert(0, INDIAN_GROUPS)
    decimal = re.escape(style.decimal)
    dashes = f"[{re.escape(_NO_DECIMALS)}]"
    rest = f"(?P<rest>(?:{decimal}(?:(?!{dashes})(?P<decimals>[0-9]*)|{dashes}{{1,2}}(?!{dashes})))?)"
    number = rf"(?={decimal}?[0-9])(?P<whole>{'|'.join(wholes)}|){rest}"
    return re.compile(rf"(?P<before>{around}){number}(?P<power>(?:e[+-]?[0-9]+)?)(?P<after>{around})", re.IGNORECASE)
