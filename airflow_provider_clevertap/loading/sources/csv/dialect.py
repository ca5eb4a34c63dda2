"""The characters that have a meaning in a CSV file, and the patterns made of them."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
import numpy.typing as npt

from airflow_provider_clevertap.exceptions import ConfigurationError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Dialect:
    """The delimiter and the quote character of a CSV file.

    :param delimiter: one ASCII character.
    :param quote: one ASCII character, or ``None`` when quotes are ordinary text.
    :raises ConfigurationError: when they cannot be used.
    """

    def __init__(self, delimiter: str, quote: str | None) -> None:
        for name, value in (("delimiter", delimiter), ("quote", quote)):
            if value is not None and (len(value) != 1 or not value.isascii() or value in "\r\n\0"):
                raise ConfigurationError(f"{name}={value!r} must be one ASCII character that does not end a line.")
        if delimiter == quote:
            raise ConfigurationError(f"delimiter and quote are the same character, {delimiter!r}.")
        self.delimiter = delimiter
        self.quote = quote

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

        Group 2 takes part when more text of the cell follows the closing quote.
        """
        end = rb"(?=[%b]*+(?:[%b\r\n]|\Z))" % (_escaped(self._blanks), _escaped(self.delimiter))
        return re.compile(rb"%b%b(?:(%b)(?:%b|()))?+" % (self._opening, self._section, _escaped(self.quote), end))

    @cached_property
    def ordinary_records(self) -> re.Pattern[bytes]:
        """Pattern of any number of records with their line ends, up to one that begins with a byte order mark."""
        delimiter = _escaped(self.delimiter)
        section = b"" if self.quote is None else rb"(?:%b%b%b?+)?+" % (
            _escaped(self.quote), self._section, _escaped(self.quote),
        )  # fmt: skip
        cell = rb"%b[^%b\r\n]*+" % (section, delimiter)
        return re.compile(rb"(?:(?!%b)%b(?:%b%b)*+[\r\n])*+" % (BYTE_ORDER_MARK, cell, delimiter, cell))

    @property
    def _blanks(self) -> str:
        return " \t".replace(self.delimiter, "")

    @property
    def _opening(self) -> bytes:
        quote, delimiter = _escaped(self.quote), _escaped(self.delimiter)
        return rb"%b(?:(?<=[%b\r\n]%b)|(?<=\A%b))" % (quote, delimiter, quote, quote)

    @property
    def _section(self) -> bytes:
        """Pattern of what is between the quotes."""
        return rb"[^%b]*+(?:%b%b[^%b]*+)*+" % ((_escaped(self.quote),) * 4)


def _escaped(characters: str | None) -> bytes:
    return b"".join(re.escape(character).encode() for character in characters or "")


def _table(characters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters.encode())] = True
    return table
