"""What the rejects file adds to the rows of the source: columns, and marks before cells that look like formulas.

Loading the file again removes both.

A spreadsheet reads a cell that begins with ``= + - @`` as a formula, and a formula can run programs. The rejects file
is meant to be opened in a spreadsheet, and its cells may come from anyone. So an apostrophe is put before anything that
could be a formula (https://owasp.org/www-community/attacks/CSV_Injection). Where the list separator is a semicolon, a
spreadsheet splits a comma-separated file at semicolons, tabs and line ends, even inside quotes: text after these is
marked too.

Marks can be removed without loss: whether a text is marked depends only on the text behind its apostrophes, which
marking does not change. So a text that already had the apostrophe gets a second one, and loading removes one.

A negative number, ``-5``, runs nothing and is not marked. A phone number, ``+919812345678``, is marked: a spreadsheet
would otherwise read it as a number, and save ``9.19812E+11``.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.text_arrays import as_mask

#: Added to the source's columns. A source ignores columns with these names, so that the file can be loaded again.
OUTCOME_COLUMNS: Final = (
    "clevertap_row", "clevertap_outcome", "clevertap_code", "clevertap_field", "clevertap_reason",
)  # fmt: skip
#: Added when the source has more than one file, because each numbers its rows from 1.
FILE_COLUMN: Final = "clevertap_file"
#: Added when a line of the source could not be parsed as a row: the line.
LINE_COLUMN: Final = "clevertap_line"
ADDED_COLUMNS: Final = (*OUTCOME_COLUMNS, FILE_COLUMN, LINE_COLUMN)

_SEPARATOR = re.compile(r"[;\t\r\n]")
# the last four are full-width forms, which some Asian versions of spreadsheets read in the same way
_FORMULA = (
    r"[ \"]*+(?!-[0-9]++(?:\.[0-9]++)?(?:[eE]-?[0-9]++)?(?:[;\t\r\n]|\Z))"
    r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
)
_FIRST = rf"(?='*+(?:[\t\r\n]|{_FORMULA}))"
_LATER = rf"(?='*+{_FORMULA})"
#: Matches every text that is to be marked, and few others.
_SUSPECT = r"[;\t\r\n]|^['\" ]*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"
#: From this many cells on, it is faster to search for suspects first.
_MIN_CELLS_TO_SEARCH = 100
_AT_START = re.compile(_FIRST)
_TO_MARK = re.compile(rf"\A{_FIRST}|(?<={_SEPARATOR.pattern}){_LATER}")
_MARK = re.compile(rf"\A'{_FIRST}|(?<={_SEPARATOR.pattern})'{_LATER}")


def with_formula_marks(text: str) -> str:
    """Return a text as a cell that no spreadsheet reads as a formula; most texts stay the same."""
    if _SEPARATOR.search(text):
        return _TO_MARK.sub("'", text)
    return f"'{text}" if _AT_START.match(text) else text


def mark_formulas(column: Any) -> list[str | None]:
    """Return a column of texts as such cells.

    :param column: an Arrow ``string`` array; a null stays ``None``.
    """
    texts: list[str | None] = column.to_pylist()
    if len(texts) < _MIN_CELLS_TO_SEARCH:
        return [None if text is None else with_formula_marks(text) for text in texts]
    for index in np.flatnonzero(as_mask(pc.match_substring_regex(column, _SUSPECT))).tolist():
        texts[index] = with_formula_marks(texts[index] or "")
    return texts


def without_formula_marks(text: str) -> str:
    """Return the text without the marks of :func:`with_formula_marks`; a text without marks stays the same."""
    return _MARK.sub("", text) if "'" in text else text
