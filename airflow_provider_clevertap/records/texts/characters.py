"""Characters that nobody sees: blanks, and characters without a width."""

from __future__ import annotations

from typing import Final

#: Blanks of ASCII, its separators, and Unicode's spaces and ends of lines.
_SPACES: Final = (
    " \t\r\n\f\v\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
#: The soft hyphen, marks of the direction of writing, the zero width space, the word joiner with the invisible
#: operators, and the byte order mark. Web pages, chats and address books leave them in what is copied from them.
INVISIBLE: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067"
    "\u2068\u2069\ufeff"
)
#: They have no width either, but belong to the words of some scripts and to emoji.
JOINERS: Final = "\u200c\u200d"

#: What does not belong to text that stands between it.
TEXT_BLANK: Final = _SPACES + INVISIBLE
#: A cell that contains nothing else is empty; around numbers, dates, words, addresses and tokens they are removed.
BLANK: Final = TEXT_BLANK + JOINERS
