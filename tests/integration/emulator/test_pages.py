"""The page of a list and of a profile: paging, search, and what belongs to one profile."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from airflow_provider_clevertap.emulator.pages.views import ROWS, TITLES
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.emulator_pages import show_page
from tests.support.http_requests import get

NUMBERS = range(2 * ROWS + 7)


def found(page: Any, pattern: str = r"cust-\d{3}") -> list[str]:
    """Return the identities on a page, in their order."""
    return list(dict.fromkeys(re.findall(pattern, page.text)))


def named(numbers: Any) -> list[str]:
    return [f"cust-{number:03}" for number in numbers]


@pytest.fixture
def people(upload: Any, profile: Any) -> None:
    upload(*(profile(f"cust-{number:03}", Email=f"p{number}@example.com") for number in NUMBERS))


@pytest.mark.usefixtures("people")
def test_pages_lead_to_the_oldest_and_back(emulator: RunningEmulator) -> None:
    newest_first = named(reversed(NUMBERS))
    pages = [show_page(emulator, "/list/profiles")]
    assert "Newer" not in pages[0].links
    while "Older" in pages[-1].links:
        pages.append(show_page(emulator, pages[-1].links["Older"]))
    shown = [found(page) for page in pages]
    assert shown == [newest_first[:ROWS], newest_first[ROWS : 2 * ROWS], newest_first[2 * ROWS :]]
    assert show_page(emulator, pages[2].links["Newer"]).text == pages[1].text
    assert found(show_page(emulator, pages[1].links["Newer"])) == shown[0]
    assert show_page(emulator, pages[2].links["Newest"]).text == pages[0].text
    oldest = show_page(emulator, pages[0].links["Oldest"])
    assert found(oldest) == newest_first[-ROWS:]
    assert "Older" in oldest.links  # a page with nothing on it: the oldest page does not look beyond its end
    assert found(show_page(emulator, oldest.links["Older"])) == []


@pytest.mark.usefixtures("people")
def test_profiles_are_found_by_a_beginning(emulator: RunningEmulator) -> None:
    for text, expected in (
        ("cust-00", named(range(9, -1, -1))),
        ("cust-007", ["cust-007"]),
        ("p5@", ["cust-005"]),
        ("  p77@example.com ", ["cust-077"]),
        ("ust-007", []),
        ("cust-%", []),
        ("' OR 1=1 --", []),
    ):
        assert found(show_page(emulator, f"/list/profiles?{urlencode({'q': text})}")) == expected, text
    page = show_page(emulator, "/list/profiles?q=cust-")
    assert len(found(page)) == ROWS
    assert found(show_page(emulator, page.links["Older"])) == named(reversed(NUMBERS))[ROWS : 2 * ROWS]


def test_every_list_is_searched(
    emulator: RunningEmulator, upload: Any, subscribe: Any, profile: Any, event: Any, token: Any, subscription: Any
) -> None:
    upload(profile("a-1"), event("Kettle Bought", identity="a-1"), event("Visit", identity="a-2"))
    upload(token("dev-1", id="one"), token("dev-2", id="two"), profile("a-3", Phone="5"))
    subscribe(subscription("b@example.com"), subscription("c@example.com"))
    emulator.change_settings(strictness="late")
    upload(profile("a-4", **{"a.b": 1}), profile("a-5", **{"c.d": 1}))
    for name, text, there, missing in (
        ("events", "kettlebought", "a-1", "a-2"),
        ("events", "a-2", "Visit", "Kettle"),
        ("tokens", "dev-1", "dev-1", "dev-2"),
        ("subscriptions", "b@", "b@example.com", "c@example.com"),
        ("refused", "516", "a-3", "a-4"),
        ("error_stream", "a-4", "a-4", "a-5"),
        ("requests", "/1/subscribe", "/1/subscribe", "/1/upload"),
    ):
        text_shown = show_page(emulator, f"/list/{name}?{urlencode({'q': text})}").text
        assert there in text_shown, name
        assert missing not in text_shown, name
        assert "Nothing is found" in show_page(emulator, f"/list/{name}?q=nowhere").text


def test_a_profile_has_its_properties_tokens_and_events(
    emulator: RunningEmulator, upload: Any, profile: Any, event: Any, token: Any
) -> None:
    secret = "dQw4w9WgXcQ:APA91b-very-long-token-value"
    note = "kettle " * 60
    upload(profile("cust-77", Name="Asha Rao", Note=note), profile("cust-78", Name="Ravi"))
    upload(token("dev-5", id=secret), {"type": "profile", "objectId": "dev-5", "profileData": {"Plan": "Gold"}})
    upload(*(event("Visit", {"n": number}, identity="cust-77") for number in NUMBERS))
    upload(event("Visit", {"other": "yes"}, identity="cust-78"))
    link = show_page(emulator, "/list/profiles?q=cust-77").links["cust-77"]
    page = show_page(emulator, link)
    for expected in ("cust-77", "Asha Rao", note.strip(), f"Visit \u00d7 {len(NUMBERS)}", f"n {NUMBERS[-1]}"):
        assert expected in page.text, expected
    for missing in ("Ravi", "other", "dev-5"):
        assert missing not in page.text, missing
    older = show_page(emulator, page.links["Older"])
    assert f"n {NUMBERS[0]}" in show_page(emulator, older.links["Older"]).text
    device = show_page(emulator, show_page(emulator, "/list/profiles?q=dev-5").links["dev-5"])
    assert "dQw4w9…alue" in device.text
    assert "Gold" in device.text
    assert secret not in device.text


def test_addresses_that_lead_nowhere(emulator: RunningEmulator) -> None:
    assert "No such profile" in show_page(emulator, "/profile/9999999999999999999", 404).text
    for name in TITLES:
        assert "None here" in show_page(emulator, f"/list/{name}").text
    for place in ("before=x", "before=-1", "after=²", f"after={'9' * 400}", "before="):
        assert "None here" in show_page(emulator, f"/list/profiles?{place}").text
    for path in ("/list/nothing", "/list/sqlite_master", "/profile/x", "/profile/-1"):
        assert get(emulator.url + path).status_code == 404


def test_other_machines_and_sites_see_no_page(emulator: RunningEmulator) -> None:
    for path in ("/", "/list/profiles", "/profile/1"):
        foreign = httpx.get(emulator.url + path, headers={"Host": "evil.example"})
        assert foreign.status_code == 403
