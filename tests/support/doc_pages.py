"""Read the pages of the documentation as links, tables and blocks of code."""

from __future__ import annotations

import re

from tests.support.paths import DOCS, ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")


def text_of(page: str) -> str:
    """Return the text of a page of ``docs``, or of the README."""
    return (ROOT / page if page == "README.md" else DOCS / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of one language."""
    return [code for named, code in _FENCE.findall(text_of(page)) if named == language]


def prose(page: str) -> str:
    """Return a page without its code blocks."""
    return _FENCE.sub("", text_of(page))


def links(page: str) -> list[str]:
    """Return the targets of a page's links that stay in the project."""
    return [link for link in _LINK.findall(prose(page)) if "://" not in link]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(_FENCE.sub("", text)))
    return {heading.strip().replace(" ", "-") for heading in headings}


def tables(page: str, *header: str) -> list[list[list[str]]]:
    """Return the rows of every table whose header begins with these cells."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", prose(page) + "\n", re.MULTILINE):
        first, _, *rows = [_cells(line) for line in table.splitlines()]
        if tuple(first[: len(header)]) == header:
            found.append(rows)
    return found


def table(page: str, *header: str) -> list[list[str]]:
    """Return the rows of the only table whose header begins with these cells."""
    (rows,) = tables(page, *header)
    return rows


def spans(text: str) -> list[str]:
    """Return the parts of a text that are written as code."""
    return _SPAN.findall(text)


def code(text: str) -> str:
    """Return the first code of a cell; empty when it has none."""
    return next(iter(spans(text)), "")


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [cell.strip().replace("\\|", "|") for cell in cells]
