"""What the rejects file adds to the rows of the source: columns, and marks before cells that look like formulas.

Both are taken off again when the file is loaded.

A spreadsheet takes a cell that begins with ``= + - @`` for a formula, and a formula can run programs. The rejects file
is made to be opened in one, and its cells come from anywhere. So an apostrophe goes before what could be a formula
(https://owasp.org/www-community/attacks/CSV_Injection). Where the list separator is a semicolon, a spreadsheet divides
a comma file at semicolons, tabs and line ends, whatever the quotes around them: what follows these is marked, too.

Nothing is lost: what is marked is known by the text behind its apostrophes, which marking does not change. So a text
that had the apostrophe already gets one more, and one is taken from it again.

A plain negative number, ``-5``, runs nothing and is left alone. A phone number, ``+919812345678``, is marked: a
spreadsheet would otherwise make a number of it, and save ``9.19812E+11``.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.text_arrays import as_mask

#: Added to the source's own columns. A source leaves out columns of these names, so that the file can be loaded again.
OUTCOME_COLUMNS: Final = (
    "clevertap_row", "clevertap_outcome", "clevertap_code", "clevertap_field", "clevertap_reason",
)  # fmt: skip
#: Added when the load has more than one file, as rows are numbered in each.
FILE_COLUMN: Final = "clevertap_file"
#: Added where a line of the source was no row at all: the line.
LINE_COLUMN: Final = "clevertap_line"
ADDED_COLUMNS: Final = (*OUTCOME_COLUMNS, FILE_COLUMN, LINE_COLUMN)

_DIVIDES = re.compile(r"[;\t\r\n]")
# the last four are the wide forms that some Asian versions take for the plain ones
_FORMULA = (
    r"[ \"]*+(?!-[0-9]++(?:\.[0-9]++)?(?:[eE]-?[0-9]++)?(?:[;\t\r\n]|\Z))"
    r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
)
_FIRST = rf"(?='*+(?:[\t\r\n]|{_FORMULA}))"
_LATER = rf"(?='*+{_FORMULA})"
#: Found in every text that is marked, and in few others.
_SUSPECT = r"[;\t\r\n]|^['\" ]*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"
#: Cells from which on it pays to look for suspects first.
_MANY = 100
_AT_START = re.compile(_FIRST)
_TO_MARK = re.compile(rf"\A{_FIRST}|(?<={_DIVIDES.pattern}){_LATER}")
_MARK = re.compile(rf"\A'{_FIRST}|(?<={_DIVIDES.pattern})'{_LATER}")


def with_formula_marks(text: str) -> str:
    """Give a text as a cell no spreadsheet takes for a formula; most texts stay as they are."""
    if _DIVIDES.search(text):
        return _TO_MARK.sub("'", text)
    return f"'{text}" if _AT_START.match(text) else text


def mark_formulas(column: Any) -> list[str | None]:
    """Give a column of text as such cells.

    :param column: an Arrow ``string`` array; a null stays ``None``.
    """
    texts: list[str | None] = column.to_pylist()
    if len(texts) < _MANY:
        return [None if text is None else with_formula_marks(text) for text in texts]
    for place in np.flatnonzero(as_mask(pc.match_substring_regex(column, _SUSPECT))).tolist():
        texts[place] = with_formula_marks(texts[place] or "")
    return texts


def without_formula_marks(text: str) -> str:
    """Give the text that :func:`marked` made this of; a text without a mark stays as it is."""
    return _MARK.sub("", text) if "'" in text else text
