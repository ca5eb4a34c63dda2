"""The emulator's pages in a browser: narrow and wide, light and dark, by keyboard, without anything from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.pages.views import ROWS, TITLES
from airflow_provider_clevertap.emulator.testing import RunningEmulator

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.browser]

HOSTILE = "<img src=x onerror=\"document.title='broken in'\">"
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
#: The contrast that WCAG asks of text.
MIN_CONTRAST = 4.5
CONTRAST = """
element => {
  const parts = color => color.match(/[0-9.]+/g).map(Number);
  const light = color => parts(color).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  let behind = element;
  while (behind && (parts(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
  const [low, high] = [light(getComputedStyle(element).color),
                       light(getComputedStyle(behind || document.body).backgroundColor)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
"""


@pytest.fixture(scope="module")
def filled() -> Iterator[RunningEmulator]:
    """Yield an emulator with more people than one page shows."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    long = {"Name": "Asha Rao", "Note": "unbroken" * 50, "Hostile": HOSTILE, **{f"field {n}": n for n in range(12)}}
    people = [
        {"type": "profile", "identity": f"cust-{number:03}", "profileData": {**long, "Email": f"p{number}@example.com"}}
        for number in range(ROWS + 9)
    ]
    visits = [
        {"type": "event", "identity": "cust-007", "evtName": "Visit", "ts": 1760000000 + number, "evtData": long}
        for number in range(3)
    ]
    device = {"type": "token", "objectId": "device-" + "0" * 60, "tokenData": {"id": "t" * 40, "type": "fcm"}}
    refused = {"type": "profile", "identity": "cust-bad", "profileData": {"Phone": "5"}}
    with RunningEmulator() as emulator:
        with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
            records = [*people, *visits, device, refused]
            client.upload(json.dumps({"d": records}).encode(), len(records))
        yield emulator


@pytest.fixture
def visit(browser: Any, filled: RunningEmulator) -> Iterator[Callable[..., Any]]:
    """Open a page of the emulator; anything that it loads besides itself, and any error of it, fails the test."""
    contexts, problems = [], []

    def open_page(path: str = "/", size: dict[str, int] = WIDE, scheme: str = "light") -> Any:
        context = browser.new_context(base_url=filled.url, viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda request: problems.append(request.url) if request.resource_type != "document" else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Policy" in message.text else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [problem for problem in problems if not problem.endswith("/favicon.ico")] == []


PATHS = ["/", *(f"/list/{name}" for name in TITLES), "/profile/8", "/profile/999", "/list/profiles?q=nobody"]


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_nothing_is_cut_or_scrolls_sideways(visit: Any, size: dict[str, int]) -> None:
    for path in PATHS:
        page = visit(path, size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        inside = page.locator(".scroll, section, .card").evaluate_all(
            "found => found.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.innerText)"
        )
        assert inside == [] or size is WIDE, path
        assert page.title() != "broken in"


def test_cells_of_a_narrow_window_name_their_columns(visit: Any) -> None:
    row = visit("/list/profiles", NARROW).get_by_role("row").filter(has_text="cust-050")
    label = row.get_by_role("cell").nth(1).evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"Properties"'
    assert visit("/list/profiles", NARROW).get_by_role("columnheader", name="Properties").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(visit: Any, scheme: str) -> None:
    backgrounds = []
    for path in ("/", "/list/profiles", "/profile/8"):
        page = visit(path, scheme=scheme)
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        for text in page.locator("a, h1, h2, p, th, td, dt, dd, button, summary, .tag, label").all()[:120]:
            if text.is_visible():
                assert text.evaluate(CONTRAST) >= MIN_CONTRAST, (path, text.inner_text())
    assert set(backgrounds) == {"rgb(246, 247, 249)" if scheme == "light" else "rgb(16, 21, 28)"}


def test_a_profile_is_found_by_keyboard(visit: Any) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(30):
        if page.evaluate("document.activeElement.id") == "q":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("p7@exa")
    page.keyboard.press("Enter")
    page.wait_for_url("**/list/profiles?q=p7%40exa")
    assert page.get_by_role("row").filter(has_text="cust-").count() == 1
    assert page.get_by_role("searchbox").input_value() == "p7@exa"
    link = page.get_by_role("link", name="cust-007")
    link.focus()
    assert link.evaluate("link => getComputedStyle(link).outlineStyle") != "none"
    page.keyboard.press("Enter")
    page.wait_for_url("**/profile/8")
    assert page.get_by_role("heading", level=1).inner_text() == "cust-007"
    assert page.get_by_role("row").filter(has_text="onerror").count() == 3


def test_pages_lead_on_and_back(visit: Any) -> None:
    page = visit("/")
    page.get_by_role("navigation", name="Lists").get_by_role("link", name="Profiles").click()
    first = page.get_by_role("row").nth(1).inner_text()
    page.get_by_role("link", name="Older").click()
    assert page.get_by_role("row").filter(has_text="cust-000").count() == 1
    assert page.get_by_role("link", name="Older").count() == 0
    page.get_by_role("link", name="Newer").click()
    assert page.get_by_role("row").nth(1).inner_text() == first
