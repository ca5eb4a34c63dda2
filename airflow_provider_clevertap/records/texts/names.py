"""Names of columns and fields as people see them, so that two names that look the same are the same."""

from __future__ import annotations

import unicodedata
from typing import Final

from airflow_provider_clevertap.records.texts.characters import BLANK, INVISIBLE, JOINERS, TEXT_BLANK

#: Blanks of ASCII are left as they are: every editor shows them.
_HIDDEN_BLANKS: Final = "".join(character for character in BLANK if not character.isascii())
_SHOWN: Final = str.maketrans(
    {character: " " for character in TEXT_BLANK if not character.isascii()} | dict.fromkeys(INVISIBLE)
)


def visible_name(name: str) -> str:
    """Return a name in Unicode's composed form, without characters that nobody sees.

    File systems and editors of macOS decompose letters such as ``é``; web pages, spreadsheets and files put together
    from parts leave zero width spaces, no-break spaces and byte order marks in headers.
    """
    if name.isascii():
        return name
    shown = unicodedata.normalize("NFC", name).strip(_HIDDEN_BLANKS).translate(_SHOWN)
    return shown.strip(JOINERS)
