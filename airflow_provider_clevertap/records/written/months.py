"""Read the names of months in the languages that exports are written in.

No two of these languages use one name for different months, so a format need not say which language it is.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

#: German, French, Spanish, Italian, Portuguese, Dutch; other spellings of a language in a line of its own.
_NAMES: Final = (
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber maerz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_ABBREVIATIONS: Final = (
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "jän feb mrz apr mai juni juli aug sept okt nov dez",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "jan fév mars avr mai juin juil août sep oct nov déc",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "ene feb mar abr may jun jul ago sept oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_ACCENT: Final = "Mn"


def _by_spelling(lines: tuple[str, ...], english: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        for name, month in zip(line.split(), english, strict=True):
            yield name, month
            yield _without_accents(name), month


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(character for character in decomposed if unicodedata.category(character) != _ACCENT)


#: The English name of each month by its name, by the directive that reads it.
_ENGLISH: Final = {
    "%B": dict(_by_spelling(_NAMES, tuple(calendar.month_name[1:]))),
    "%b": dict(_by_spelling(_ABBREVIATIONS, tuple(calendar.month_abbr[1:]))),
}


def with_english_months(text: str, pattern: str) -> str:
    """Return a date with the name of its month in English.

    :param text: the date.
    :param pattern: its format, with Python's directives.
    """
    names = next((names for directive, names in _ENGLISH.items() if directive in pattern), None)
    if names is None:
        return text
    composed = unicodedata.normalize("NFC", text)
    return _WORD.sub(lambda word: names.get(word[0].casefold(), word[0]), composed)
