"""Text that stands for no value, or for one that has lost digits: as an identity it makes one profile of many people.

CleverTap lists some words (:data:`~airflow_provider_clevertap.records.limits.DISALLOWED_IDENTITIES`). Those here are
ours: how databases, DataFrames, programming languages and spreadsheets write the same.
"""

from __future__ import annotations

import re
from typing import Final

from airflow_provider_clevertap.records.limits import DISALLOWED_IDENTITIES
from airflow_provider_clevertap.records.texts.characters import BLANK

#: In lower case.
MACHINE_WORDS: Final = frozenset(
    {
        "\\n", "\\\\n", "<na>", "<nan>", "<nil>", "<none>", "<null>", "nat", "(blank)", "(empty)", "(na)", "(nil)",
        "(none)", "(not set)", "(null)", "[null]", "{null}", "[object object]", "#n/a", "#n/a n/a", "#na", "#n/d",
        "#n/b", "#nv", "#getting_data", "+inf", "+infinity", "nan(ind)", "-nan(ind)", "1.#ind", "-1.#ind", "1.#qnan",
        "-1.#qnan", "1.#inf", "-1.#inf", "__hive_default_partition__", "00000000-0000-0000-0000-000000000000",
        "00000000000000000000000000000000", "{00000000-0000-0000-0000-000000000000}",
    }
)  # fmt: skip
#: Errors of spreadsheets in any language (``#REF!``, ``#NOM?``), and columns too narrow for their numbers.
_SPREADSHEET_ERROR: Final = r"#[^\s#]{1,30}[!?]|#+"
#: 0 and -1, which CleverTap lists, as floats.
_FLOAT_OF_NOTHING: Final = r"[+-]?(?:0+[.,]0*|[.,]0+)(?:e[+-]?[0-9]+)?|-0*1[.,]0*"
_SCIENTIFIC: Final = r"[+-]?[0-9]+[.,][0-9]+e\+[0-9]+"

_NOTHING = re.compile(f"{_SPREADSHEET_ERROR}|{_FLOAT_OF_NOTHING}")
_CUT_NUMBER = re.compile(_SCIENTIFIC, re.IGNORECASE)

#: The words, in lower case.
PLACEHOLDER_WORDS: Final = DISALLOWED_IDENTITIES | MACHINE_WORDS
#: Matches all other texts of the kind, without blanks around them; for Python and for RE2.
PLACEHOLDER_PATTERN: Final = f"(?i)^(?:{_SPREADSHEET_ERROR}|{_FLOAT_OF_NOTHING}|{_SCIENTIFIC})$"
#: Their first and last characters.
PLACEHOLDER_STARTS: Final = frozenset("#+-.,0123456789")
PLACEHOLDER_ENDS: Final = frozenset("#!?.,0123456789")


def normalize(text: str) -> str:
    """Return text in the form in which it is compared with these words: lower case, without blanks around it."""
    return text.strip(BLANK).lower()


def is_word_for_nothing(word: str) -> bool:
    """Return whether programs write a normalised text for nothing; the words that CleverTap lists are not among them.

    :param word: the text, normalised.
    """
    return word in MACHINE_WORDS or _NOTHING.fullmatch(word) is not None


def is_cut_number(text: str) -> bool:
    """Return whether text is a number in scientific notation, as spreadsheets show long numbers: digits are lost.

    :param text: without blanks around it.
    """
    return _CUT_NUMBER.fullmatch(text) is not None
