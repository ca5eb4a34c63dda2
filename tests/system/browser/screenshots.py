"""The screenshots of docs/ui.md. They are not in git; ``make test-ui`` takes them."""

from __future__ import annotations

from typing import Any

from tests.support.doc_pages import DOCS

DIRECTORY = DOCS / "screenshots"
NAMES = (
    "connection-standard-fields",
    "connection-extra-fields",
    "connection-tested",
    "connection-refused",
    "trigger-what",
    "trigger-columns",
    "trigger-how",
    "trigger-refused",
    "run-succeeded",
    "log-of-a-load",
    "log-of-a-bad-entry",
    "clevertap-page",
    "clear-a-load",
    "log-of-a-resumed-load",
    "report-of-a-load",
    "report-of-a-running-load",
    "report-of-an-export",
    "report-narrow",
)


def take(name: str, subject: Any) -> None:
    """Take a screenshot.

    :param name: one of ``NAMES``.
    :param subject: a Playwright page, or a locator of a part of it.
    """
    if name not in NAMES:
        raise ValueError(f"{name} is not a screenshot of the documentation")
    DIRECTORY.mkdir(exist_ok=True)
    subject.screenshot(path=DIRECTORY / f"{name}.png", animations="disabled")


def take_page(name: str, page: Any, width: int, height: int) -> None:
    """Take a screenshot of a page in a window of the given size."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    take(name, page)
    page.set_viewport_size(before)
