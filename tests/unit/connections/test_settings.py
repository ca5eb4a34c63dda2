"""Reading a connection, as JSON, as a URI and as the form saves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_clevertap.connections.settings import ConnectionSettings, connect
from airflow_provider_clevertap.exceptions import ConfigurationError, UnknownRegionError
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

PASSCODE = "WQX-SECRET-7731"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    def read(text: str | None = None, /, **fields: Any) -> ConnectionSettings:
        full = {"conn_type": "clevertap", "login": "ABC-DEF-123Z", "password": PASSCODE, **fields}
        monkeypatch.setenv("AIRFLOW_CONN_CT_READ", text or json.dumps(full))
        return CleverTapHook("ct_read").settings()

    return read


def test_json_connection(read: Any) -> None:
    settings = read(extra={"region": "in1", "max_in_flight": 8, "timeout": 30.5, "gzip": True})
    assert settings.account_id == "ABC-DEF-123Z"
    assert settings.passcode == PASSCODE
    assert settings.base_url == "https://in1.api.clevertap.com"
    assert settings.region == "in1"
    assert settings.timeout == 30.5
    assert settings.max_in_flight == 8
    assert settings.gzip


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"extra": {"region": "In1 "}}, "https://in1.dashboard.clevertap.com"),
        ({"host": "gateway.example.com", "extra": {"region": "eu1"}}, "https://eu1.dashboard.clevertap.com"),
        ({"host": "gateway.example.com"}, None),
        ({"host": "gateway.example.com", "extra": {"region": "xx9"}}, None),
        ({"extra": {"region": "sk1"}}, None),  # no page documents its dashboard
    ],
)
def test_the_dashboard_is_that_of_the_region(read: Any, fields: dict[str, Any], address: str | None) -> None:
    assert read(**fields).dashboard_url == address


def test_uri_connection_makes_text_of_every_extra(read: Any) -> None:
    settings = read(f"clevertap://ABC-DEF-123Z:{PASSCODE}@/?region=in1&max_in_flight=8&timeout=30.5&gzip=True")
    assert settings == read(extra={"region": "in1", "max_in_flight": 8, "timeout": 30.5, "gzip": True})


def test_only_account_passcode_and_region_are_needed(read: Any) -> None:
    settings = read(extra={"region": "EU1 "})
    assert settings.base_url == "https://api.clevertap.com"
    assert settings.timeout == 60
    assert settings.max_in_flight is None
    assert settings.in_flight() == 10
    assert not settings.gzip


def test_empty_form_fields_count_as_not_given(read: Any) -> None:
    settings = read(host="", extra={"region": "sg1", "max_in_flight": None, "timeout": "", "gzip": ""})
    assert (settings.timeout, settings.max_in_flight, settings.gzip) == (60, None, False)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "https://gateway.example.com/clevertap/"}, "https://gateway.example.com/clevertap"),
        ({"host": "gateway.example.com"}, "https://gateway.example.com"),
        ({"host": "gateway.example.com", "port": 8443}, "https://gateway.example.com:8443"),
        ({"host": "127.0.0.1", "schema": "http", "port": 8077}, "http://127.0.0.1:8077"),
        ({"host": "http://127.0.0.1:8077"}, "http://127.0.0.1:8077"),
        ({"host": "http://127.0.0.1", "port": 8077}, "http://127.0.0.1:8077"),
    ],
)
def test_a_base_url_stands_in_for_the_region(read: Any, fields: dict[str, Any], url: str) -> None:
    assert read(**fields).base_url == url
    assert read(**fields, extra={"region": "in1"}).region is None


def test_base_url_in_a_uri(read: Any) -> None:
    assert read("clevertap://a:b@http%3A%2F%2F127.0.0.1%3A8077").base_url == "http://127.0.0.1:8077"
    assert read("clevertap://http://a:b@127.0.0.1:8077").base_url == "http://127.0.0.1:8077"
    assert read("clevertap://a:b@127.0.0.1:8077/http").base_url == "http://127.0.0.1:8077"


def test_neither_region_nor_host_lists_the_regions(read: Any) -> None:
    with pytest.raises(UnknownRegionError, match=r"ct_read.*eu1.*in1.*sg1.*us1.*aps3.*mec1"):
        read()


def test_unknown_region_lists_the_regions(read: Any) -> None:
    with pytest.raises(UnknownRegionError, match=r"ct_read.*in2.*in1"):
        read(extra={"region": "in2"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_in_flight", "many"),
        ("max_in_flight", 0),
        ("max_in_flight", "16"),
        ("max_in_flight", True),
        ("max_in_flight", 2.5),
        ("max_in_flight", "-1"),
        ("timeout", "soon"),
        ("timeout", 0),
        ("timeout", "nan"),
        ("timeout", "inf"),
        ("timeout", False),
        ("timeout", [30]),
        ("gzip", "sometimes"),
        ("gzip", 1),
        ("project_timezone", "Kolkata"),
        ("project_timezone", "Asia"),
        ("project_timezone", "/etc/passwd"),
        ("project_timezone", 5.5),
    ],
)
def test_values_are_read_strictly(read: Any, key: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"'ct_read'.*{key} must be"):
        read(extra={"region": "eu1", key: value})


def test_a_passcode_in_the_extra_is_refused_and_not_repeated(read: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"field Passcode \(password\)") as caught:
        read(extra={"region": "eu1", "passcode": PASSCODE})
    assert PASSCODE not in str(caught.value)


def test_unknown_extras_do_no_harm(read: Any) -> None:
    assert read(extra={"region": "eu1", "team": "crm"}).region == "eu1"


@pytest.fixture
def _masked_for_this_test_only() -> Iterator[None]:
    """Let Airflow 2 forget what it has learnt to mask: a password of one blank would go from every later log."""
    try:
        from airflow.utils.log.secrets_masker import _secrets_masker
    except ImportError:  # Airflow 3 masks nothing as short as that
        yield
        return
    masker = _secrets_masker()
    patterns, replacer = set(masker.patterns), masker.replacer
    yield
    masker.patterns, masker.replacer = patterns, replacer


@pytest.mark.usefixtures("_masked_for_this_test_only")
@pytest.mark.parametrize(("field", "named"), [("login", "Account ID"), ("password", "passcode")])
@pytest.mark.parametrize("value", ["", None, " ", "a\nb", "é"])
def test_missing_or_impossible_credentials_name_connection_and_field(
    read: Any, field: str, named: str, value: str | None
) -> None:
    settings = read(**{field: value}, extra={"region": "eu1"})
    with pytest.raises(ConfigurationError, match=f"(?s)'ct_read'.*{named}.*{field}"):
        connect(settings)


def test_the_passcode_is_in_no_repr(read: Any) -> None:
    settings = read(extra={"region": "eu1"})
    assert PASSCODE not in repr(settings)
    assert PASSCODE not in repr(connect(settings))


@pytest.mark.parametrize(
    ("of_connection", "asked", "granted"), [(None, None, 10), (4, None, 4), (None, 12, 12), (4, 12, 4), (15, 3, 3)]
)
def test_the_connections_number_is_a_ceiling(read: Any, of_connection: int, asked: int, granted: int) -> None:
    settings = read(extra={"region": "eu1", "max_in_flight": of_connection})
    assert settings.in_flight(asked) == granted


def test_the_project_has_no_time_zone_by_default(read: Any) -> None:
    assert read(extra={"region": "in1", "project_timezone": "Asia/Kolkata"}).zone().key == "Asia/Kolkata"
    unset: list[dict[str, Any]] = [{}, {"project_timezone": None}, {"project_timezone": " "}]
    for nothing in unset:
        with pytest.raises(ConfigurationError, match="has no project_timezone"):
            read(extra={"region": "in1", **nothing}).zone()
