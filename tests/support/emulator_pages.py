"""Reads the emulator's pages as a browser without a screen does."""

from __future__ import annotations

from html.parser import HTMLParser

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.http_requests import get

HOSTILE = "<script>alert('x')</script><img src=x onerror=\"alert(1)\">"
VOID = {"meta", "br", "img", "input", "link", "hr"}


class ShownPage(HTMLParser):
    """Tags, text and links of a page; every element must be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self._href: str | None = None
        self.tags: list[str] = []
        self.text = ""
        self.links: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self._href = dict(attrs).get("href")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data
        if self._href is not None:
            self.links.setdefault(data.strip(), self._href)


def show_page(emulator: RunningEmulator, path: str, status: int = 200) -> ShownPage:
    """Return a page of the emulator."""
    answer = get(f"{emulator.url}{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    page = ShownPage()
    page.feed(answer.text)
    assert page.open == []
    return page
