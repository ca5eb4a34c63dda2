from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.regions import REGIONS, base_url, is_loopback, normalize_url
from airflow_provider_clevertap.exceptions import ConfigurationError, UnknownRegionError


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu1", "https://api.clevertap.com"),
        ("in1", "https://in1.api.clevertap.com"),
        ("sg1", "https://sg1.api.clevertap.com"),
        ("us1", "https://us1.api.clevertap.com"),
        ("aps3", "https://aps3.api.clevertap.com"),
        ("mec1", "https://mec1.api.clevertap.com"),
        ("sk1", "https://sk1.api.clevertap.com"),
        (" IN1 ", "https://in1.api.clevertap.com"),
    ],
)
def test_a_region_gives_its_url(region: str, url: str) -> None:
    assert base_url(region) == url


def test_only_the_undocumented_region_is_legacy() -> None:
    assert [region.code for region in REGIONS.values() if region.legacy] == ["sk1"]


@pytest.mark.parametrize("region", [None, "", "  "])
def test_without_region_and_host_the_error_lists_the_regions_and_where_to_look(region: str | None) -> None:
    with pytest.raises(UnknownRegionError) as raised:
        base_url(region, "  ")
    text = str(raised.value)
    assert all(code in text for code in REGIONS)
    assert "https://in1.dashboard.clevertap.com" in text
    assert "neither a region nor a host" in text


@pytest.mark.parametrize(
    ("region", "meant"),
    [("in", "in1"), ("eu", "eu1"), ("us-1", "us1"), ("india", "in1"), ("Europe", "eu1"), ("asp3", "aps3")],
)
def test_a_misspelt_region_gets_a_suggestion(region: str, meant: str) -> None:
    with pytest.raises(UnknownRegionError, match=f"Did you mean .*{meant}"):
        base_url(region)


def test_an_unknown_region_is_listed_against_and_never_becomes_a_host() -> None:
    with pytest.raises(UnknownRegionError) as raised:
        base_url("x.evil.example/")
    assert "Did you mean" not in str(raised.value)
    assert "aps3 (Indonesia)" in str(raised.value)


def test_a_host_wins_over_the_region_known_or_not() -> None:
    assert base_url("in1", "https://gateway.example.com") == "https://gateway.example.com"
    assert base_url("private7", "gateway.example.com") == "https://gateway.example.com"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("proxy.example.com", "https://proxy.example.com"),
        ("proxy.example.com:8443/", "https://proxy.example.com:8443"),
        ("https://Proxy.Example.com///", "https://proxy.example.com"),
        ("https://proxy.example.com/clevertap/v2/", "https://proxy.example.com/clevertap/v2"),
        ("HTTPS://proxy.example.com", "https://proxy.example.com"),
        ("http://127.0.0.1:8077", "http://127.0.0.1:8077"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8077/", "http://localhost:8077"),
        ("http://LOCALHOST", "http://localhost"),
        ("http://[::1]:8077", "http://[::1]:8077"),
        ("::1", "https://[::1]"),
        ("clevertap_emulator:8077", "https://clevertap_emulator:8077"),
    ],
)
def test_a_host_becomes_a_base_url(host: str, url: str) -> None:
    assert base_url(None, host) == url


@pytest.mark.parametrize(
    ("host", "scheme", "port", "url"),
    [
        ("127.0.0.1", "http", 8077, "http://127.0.0.1:8077"),
        ("proxy.example.com", "https", None, "https://proxy.example.com"),
        ("proxy.example.com", None, 8443, "https://proxy.example.com:8443"),
        ("http://127.0.0.1", None, 8077, "http://127.0.0.1:8077"),
        ("http://127.0.0.1:8077", "http", 8077, "http://127.0.0.1:8077"),
        ("https://proxy.example.com/ct/", "", 8443, "https://proxy.example.com:8443/ct"),
        ("::1", "http", 8077, "http://[::1]:8077"),
    ],
)
def test_the_split_form_of_an_airflow_connection_is_put_together(
    host: str, scheme: str | None, port: int | None, url: str
) -> None:
    assert base_url(None, host, scheme=scheme, port=port) == url


@pytest.mark.parametrize(
    ("host", "scheme", "port", "words"),
    [
        ("proxy.example.com", "ftp", None, "schema"),
        ("https://proxy.example.com", "http", None, "not the same"),
        ("proxy.example.com:1", None, 2, "not the same"),
        ("proxy.example.com", "http", None, "https"),
    ],
)
def test_the_split_form_must_not_contradict_itself(host: str, scheme: str | None, port: int | None, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        base_url(None, host, scheme=scheme, port=port)


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://2130706433",
        "http://[::2]",
        "http://[::1%25eth0]",
        "ftp://proxy.example.com",
        "https://",
        "https:///path",
        "https://acc:hush-hush@proxy.example.com",
        "https://hush-hush@proxy.example.com",
        "https://@proxy.example.com",
        "https://proxy.example.com?passcode=hush-hush",
        "https://proxy.example.com/?",
        "https://proxy.example.com/#hush-hush",
        "https://proxy.example.com:0",
        "https://proxy.example.com:99999",
        "https://proxy.example.com:",
        "https://proxy.example.com:hush-hush",
        "https://proxy example.com",
        "https://proxy.example.com/a\nb",
        "https://proxy.example.com\\@evil.example",
        "https://proxy.example.com/a/../b",
        "https://proxy.example.com//b",
        "https://proxy.example.com/hush-hush;x",
        "https://-proxy.example.com",
        "https://pröxy.example.com",
        "https://[::1",
        "https://in1.api.clevertap.com/1/upload",
    ],
)
def test_what_is_no_safe_base_url_is_refused_without_repeating_secrets(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(None, url)
    assert "hush-hush" not in str(raised.value)
    assert raised.value.__cause__ is None


@given(st.text(max_size=60))
def test_any_text_is_a_safe_base_url_or_a_configuration_error(host: str) -> None:
    try:
        url = base_url(None, host)
    except ConfigurationError:
        return
    assert url.startswith("https://") or is_loopback(url.removeprefix("http://").split("/")[0].split(":")[0])
    assert normalize_url(url) == url
    assert not set(url) & set(" \t\r\n@?#\\")


@given(st.text(max_size=30))
def test_any_text_that_is_no_region_is_an_unknown_region(region: str) -> None:
    if region.strip().lower() in REGIONS:
        return
    with pytest.raises(UnknownRegionError, match="mec1"):
        base_url(region)


def test_the_region_table_costs_no_http_library() -> None:
    code = (
        "import sys; import airflow_provider_clevertap.api.regions, airflow_provider_clevertap.api.answers,"
        "airflow_provider_clevertap.api.retry; print([m for m in ('httpx', 'msgspec', 'airflow') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
