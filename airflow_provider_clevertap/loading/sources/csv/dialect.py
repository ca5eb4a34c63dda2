"""The characters that have a meaning in a CSV file, and the patterns made of them."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from airflow_provider_clevertap.exceptions import ConfigurationError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Dialect:
    """The characters that have a meaning in a CSV file.

    :param delimiter: between cells; one ASCII character.
    :param quote: around cells; ``None`` when quotes are ordinary text.
    :param escape: takes the meaning of the delimiter, quote, line end or escape after it; before anything else it is
        ordinary text. ``None`` for no such character.
    :param comment: begins a line that is not a record; ``None`` for no such lines.
    :raises ConfigurationError: when they cannot be used.
    """

    def __init__(
        self, delimiter: str, quote: str | None, *, escape: str | None = None, comment: str | None = None
    ) -> None:
        characters = {"delimiter": delimiter, "quote": quote, "escape": escape, "comment": comment}
        for name, value in characters.items():
            if value is not None and not _is_usable(value):
                raise ConfigurationError(f"{name}={value!r} must be one ASCII character that does not end a line.")
        if escape is not None and escape == quote:
            raise ConfigurationError(
                f"quote and escape are the same character, {quote!r}. A quote within a quoted cell may always be "
                "written twice, so leave escape out."
            )
        for (name, value), (other_name, other) in combinations(characters.items(), 2):
            if value is not None and value == other:
                raise ConfigurationError(f"{name} and {other_name} are the same character, {value!r}.")
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.comment = comment

    @cached_property
    def before_opening(self) -> npt.NDArray[np.bool_]:
        """Table of the bytes that may precede an opening quote; a quote itself may, as the first of a pair."""
        return _table(f"{self.delimiter}{self.quote or ''}\r\n")

    @cached_property
    def after_closing(self) -> npt.NDArray[np.bool_]:
        """Table of the bytes that may follow a closing quote; a quote itself may, as the second of a pair."""
        return _table(f"{self.delimiter}{self.quote or ''}\r\n")

    @cached_property
    def after_blanks(self) -> npt.NDArray[np.bool_]:
        """Table of the bytes that may follow a closing quote and blanks."""
        return _table(f"{self.delimiter}\r\n")

    @cached_property
    def blanks(self) -> npt.NDArray[np.bool_]:
        """Table of the blanks that some writers add after a closing quote."""
        return _table(self._blanks)

    @cached_property
    def quoted_section(self) -> re.Pattern[bytes]:
        """Pattern of a quoted section: from the opening quote to the closing one (group 1) or the end of the text.

        Group 2 takes part when more text of the cell follows the closing quote. For text without escapes.
        """
        quote, delimiter = _class(self.quote), _class(self.delimiter)
        opening = rb"%b(?:(?<=[%b\r\n]%b)|(?<=\A%b))" % (quote, delimiter, quote, quote)
        end = rb"(?=[%b]*+(?:[%b\r\n]|\Z))" % (_class(self._blanks), delimiter)
        return re.compile(rb"%b[^%b]*+(?:%b%b[^%b]*+)*+(?:(%b)(?:%b|()))?+" % (opening, *[quote] * 5, end))

    @cached_property
    def ordinary_records(self) -> re.Pattern[bytes]:
        """Pattern of any number of records with their line ends, up to one that is not to be read as it is.

        Such a record begins with a byte order mark, or is a comment, or has no end.
        """
        quote, delimiter = _class(self.quote), _class(self.delimiter)
        escaped = b"" if self.escape is None else rb"|%b" % self._escaped
        section = b"" if self.quote is None else rb"(?:%b(?:[^%b%b]++%b|%b%b)*+%b?+)?+" % (
            quote, quote, _class(self.escape), escaped, quote, quote, quote,
        )  # fmt: skip
        cell = rb"%b(?:[^%b\r\n%b]++%b)*+" % (section, delimiter, _class(self.escape), escaped)
        start = rb"(?!%b)" % BYTE_ORDER_MARK + (b"" if self.comment is None else rb"(?!%b)" % _class(self.comment))
        return re.compile(rb"(?:%b%b(?:%b%b)*+[\r\n])*+" % (start, cell, delimiter, cell))

    def mask_escapes(self, text: bytes) -> bytes:
        """Return text of the same length in which no escaped character has a meaning."""
        if self.escape is None or self.escape.encode() not in text:
            return text
        if self._escaped_line_end not in text:
            return self._escaped_byte.sub(b"\0\0", text)
        return self._escapes.sub(lambda match: match[0] if len(match[0]) == 1 else b"\0" * len(match[0]), text)

    def double_escapes(self, text: bytes) -> bytes:
        """Return text in which everything after an escape is escaped, as Arrow expects it."""
        if self.escape is None or self.escape.encode() not in text:
            return text
        escape = self.escape.encode()
        if self._escaped_line_end not in text and escape not in self.mask_escapes(text):
            return text
        replacements = {escape: escape * 2, self._escaped_line_end: escape + b"\r" + escape + b"\n"}
        return self._escapes.sub(lambda match: replacements.get(match[0], match[0]), text)

    @property
    def _escaped_line_end(self) -> bytes:
        return f"{self.escape}\r\n".encode()

    @cached_property
    def _escaped_byte(self) -> re.Pattern[bytes]:
        return re.compile(rb"%b[%b\r\n]" % (_class(self.escape), self._escapable))

    @cached_property
    def _escapes(self) -> re.Pattern[bytes]:
        return re.compile(self._escaped)

    @property
    def _escaped(self) -> bytes:
        """Pattern of an escape and what it escapes, if anything."""
        return rb"%b(?:\r\n|[%b\r\n])?+" % (_class(self.escape), self._escapable)

    @property
    def _escapable(self) -> bytes:
        """Characters, besides line ends, whose meaning an escape takes."""
        return _class(f"{self.delimiter}{self.quote or ''}{self.escape}")

    @property
    def _blanks(self) -> str:
        return " \t".replace(self.delimiter, "")


def _is_usable(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value.isascii() and value not in "\r\n\0"


def _class(characters: str | None) -> bytes:
    """Return characters for a pattern, alone or between brackets."""
    return b"".join(re.escape(character).encode() for character in characters or "")


def _table(characters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters.encode())] = True
    return table
