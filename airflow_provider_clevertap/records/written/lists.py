"""Read the items of a list from text: with a separator between them, or as JSON, PostgreSQL or Python write lists."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Final

from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import MULTI_VALUE_ITEMS, VALUE_BYTES
from airflow_provider_clevertap.records.texts.characters import TEXT_BLANK

#: What text begins with that may be a list in another form than items and separators.
OPENING: Final = "[{("

#: A literal of a text, or what else stands alone in the text of a Python list, and the comma or end after it.
_PYTHON_ITEM = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)"|(None|nan)|([+-]?[0-9][0-9.]*+(?:e[+-]?[0-9]+)?|True|False))"""
    r"\s*(?:,|\Z)",
    re.DOTALL,
)
_PYTHON_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)
_PYTHON_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
#: An element of an array's text and the comma or end after it (https://www.postgresql.org/docs/current/arrays.html).
_POSTGRESQL_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*+)"|((?:[^{}",\\]|\\.)++))\s*(?:,|\Z)', re.DOTALL)
_POSTGRESQL_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
#: Stands before an array whose numbering does not start at 1.
_POSTGRESQL_BOUNDS = re.compile(r"\[[+-]?\d+:[+-]?\d+\]=(?=\{)")


def split_items(text: str, separator: str) -> list[Any]:
    """Return the items of a list that is written as text; an empty item is ``None`` or blank.

    Text in brackets or braces is a list of JSON or Python, or an array of PostgreSQL. It is never split at separators,
    because the brackets and quotes would become parts of items.
    """
    stripped = text.strip(TEXT_BLANK)
    opening, closing = stripped[:1], stripped[-1:]
    if opening == "[" and closing == "]":
        items = _json_items(stripped)
        if items is None:
            items = _items(_PYTHON_ITEM, stripped[1:-1], _python_item)
        if items is None:
            raise issue("text in brackets that is not a list of JSON or Python: write each item in quotes")
        return items
    if closing == "}" and (opening == "{" or _POSTGRESQL_BOUNDS.match(stripped)):
        inner = _POSTGRESQL_BOUNDS.sub("", stripped)[1:-1]
        items = _items(_PYTHON_ITEM, inner, _python_item) if inner.startswith("'") else None
        if items is None:
            items = _items(_POSTGRESQL_ITEM, inner, _postgresql_item)
        if items is None:
            raise issue("text in braces that is not an array of PostgreSQL, such as {a,b}")
        return items
    if opening == "(" and closing == ")" and stripped[1:2] in ("'", '"'):
        items = _items(_PYTHON_ITEM, stripped[1:-1], _python_item)
        if items is not None:
            return items
    if len(text) > MULTI_VALUE_ITEMS * (VALUE_BYTES + len(separator)):
        raise issue(f"longer than {MULTI_VALUE_ITEMS} items of {VALUE_BYTES} bytes")
    return list(text.split(separator))


def _json_items(text: str) -> list[Any] | None:
    """Return the items of a list of JSON, numbers as they are written; ``None`` for other text."""
    try:
        items = json.loads(text, parse_int=str, parse_float=str, parse_constant={"NaN": None}.__getitem__)
    except (ValueError, KeyError, RecursionError):
        return None
    return items if isinstance(items, list) else None


def _items(pattern: re.Pattern[str], text: str, read: Any) -> list[Any] | None:
    """Return the items that a pattern finds one after the other; ``None`` when there is other text between them."""
    items: list[Any] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = pattern.match(text, position)
        if match is None:
            return None
        items.append(read(match))
        position = match.end()
    return items


def _python_item(match: re.Match[str]) -> Any:
    single, double, nothing, other = match.groups()
    if nothing is not None:
        return None
    text = single if single is not None else double
    return _PYTHON_ESCAPE.sub(_unescaped, text) if text is not None else _python_value(other)


def _python_value(text: str) -> Any:
    return {"True": True, "False": False}.get(text, text)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _PYTHON_ESCAPED.get(match[4], match[0])
    return chr(int(code, 16)) if int(code, 16) <= sys.maxunicode else match[0]


def _postgresql_item(match: re.Match[str]) -> str | None:
    quoted, bare = match.groups()
    if quoted is not None:
        return _POSTGRESQL_ESCAPE.sub(r"\1", quoted)
    text = bare.strip()
    return None if text.upper() == "NULL" else _POSTGRESQL_ESCAPE.sub(r"\1", text)
