"""The start page: it shows what arrived, and hostile values are only text on all pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from airflow_provider_clevertap.emulator.storage.queries import LISTS
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.emulator_pages import HOSTILE, show_page
from tests.support.http_requests import get


@pytest.fixture
def show(emulator: RunningEmulator) -> Any:
    return lambda query="": show_page(emulator, f"/{query}")


def test_an_empty_page(show: Any) -> None:
    page = show()
    assert "None yet" in page.text
    assert "table" not in page.tags


def test_what_arrived_is_shown(
    show: Any, api: httpx.Client, upload: Any, profile: Any, event: Any, token: Any, emulator: RunningEmulator
) -> None:
    secret = "dQw4w9WgXcQ:APA91b-very-long-token-value"
    upload(profile("cust-77", Name="Asha Rao", DOB="$D_648864000", Plan="Gold", **{f"p{n}": n for n in range(9)}))
    upload(event("Kettle Bought", {"Price": 59.9}), token("dev-5", id=secret), profile("x", Phone="5"))
    upload(profile("y", **{"a.b": 1}), dryRun="0")
    emulator.inject({"do": "status", "status": 503, "times": 1})
    api.post("/1/upload", json={"d": [profile()]})
    emulator.inject({"do": "reset", "times": 1})
    with pytest.raises(httpx.HTTPError):
        api.post("/1/upload", json={"d": [profile()]})
    page = show()
    for expected in (
        "cust-77",
        "Asha Rao",
        "1990-07-25 00:00:00",
        "6 more",
        "Kettle Bought",
        "59.9",
        "dev-5",
        "dQw4w9…alue",
        "516",
        "Phone number is not valid.",
        "forbidden character",
        "503",
        "no answer",
        "status, not stored",
    ):
        assert expected in page.text, expected
    assert secret not in page.text
    assert emulator.passcode not in page.text


def test_subscriptions_are_shown(show: Any, upload: Any, subscribe: Any, profile: Any, subscription: Any) -> None:
    upload(profile("c-1", Phone="+919812345678"))
    subscribe(subscription("+919812345678", type="whatsapp"), subscription("b@example.com", status="Resubscribe"))
    text = show().text
    for expected in ("unsubscribed: whatsapp", "Unsubscribe", "b@example.com", "Resubscribe"):
        assert expected in text, expected


def test_hostile_values_are_only_text(
    show: Any,
    upload: Any,
    subscribe: Any,
    profile: Any,
    event: Any,
    token: Any,
    subscription: Any,
    emulator: RunningEmulator,
) -> None:
    emulator.change_settings(strictness="keep")
    subscribe(subscription(HOSTILE), subscription("x", status=HOSTILE))
    upload(
        profile(HOSTILE, **{"Name": HOSTILE, HOSTILE[:60]: "x"}),
        event(HOSTILE[:100], {HOSTILE[:60]: HOSTILE}),
        token(HOSTILE, id=HOSTILE),
        profile(HOSTILE, Email=HOSTILE),
    )
    emulator.change_settings(strictness="late")
    upload(profile("z", **{HOSTILE[:60]: 1}))
    for path in ("", *(f"list/{name}" for name in LISTS), "profile/1", f"list/profiles?{urlencode({'q': HOSTILE})}"):
        page = show(path)
        assert "<script>alert(" in page.text or path == "list/requests", path
        assert not {"script", "img"} & set(page.tags), path


def test_odd_values_do_not_break_the_page(show: Any, upload: Any, profile: Any, event: Any) -> None:
    upload(
        profile("é" * 1000, tags={"$set": ["a", "b"]}, big=10**300, date="$D_99999999999999999999", odd="$D_x"),
        event(ts=10**18 - 1, data={}),
        event("Charged", {"Items": [{"a": 1}]}),
    )
    assert "a; b" in show().text


def test_it_refreshes_only_when_asked(show: Any, emulator: RunningEmulator) -> None:
    assert 'http-equiv="refresh"' not in get(emulator.url + "/").text
    assert '<meta http-equiv="refresh" content="2">' in get(emulator.url + "/?refresh=2").text
    assert "refresh" not in show("?refresh=0;url=https://evil.example").tags
    assert 'http-equiv="refresh"' not in get(emulator.url + "/?refresh=1").text


def test_it_loads_nothing_from_other_sites(emulator: RunningEmulator) -> None:
    for path in ("/", "/list/profiles", "/profile/9"):
        answer = get(emulator.url + path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "http://" not in answer.text
        assert "https://" not in answer.text
