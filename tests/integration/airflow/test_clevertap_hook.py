"""The hook against a live emulator."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    SourceError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook


def uri(host: str, *, account: str = "TEST-ABC-12Z", passcode: str = "WQX-SECRET-7731") -> str:
    return f"clevertap://{account}:{passcode}@{host.removeprefix('http://')}/http"


def test_a_valid_connection_is_confirmed_and_stores_nothing(connection: str, emulator: Any) -> None:
    good, message = CleverTapHook(connection).test_connection()
    assert good
    assert message.startswith("CleverTap accepts the account and passcode. Tried: an upload that stores nothing")
    assert f"as account {emulator.account_id}, to {emulator.url} " in message
    assert emulator.passcode not in message
    assert emulator.stats()["stored"]["profiles"] == 0


@pytest.mark.parametrize(
    ("wrong", "suspects"),
    [({"account": "NOBODY"}, ("Account ID", "region")), ({"passcode": "not-the-passcode"}, ("passcode", "region"))],
)
def test_wrong_credentials_are_reported(
    emulator: Any, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], suspects: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", uri(emulator.url, **wrong))
    good, message = CleverTapHook("wrong").test_connection()
    assert not good
    assert "401" in message
    assert all(suspect in message for suspect in suspects)
    assert "not-the-passcode" not in message


def test_an_unreachable_host_is_reported(monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_GONE", uri(f"127.0.0.1:{unused_port}"))
    good, message = CleverTapHook("gone").test_connection()
    assert not good
    assert f"No connection to 127.0.0.1:{unused_port}" in message
    assert "Check the Base URL and its port" in message


def test_a_region_behind_an_unreachable_proxy_is_reported(monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxy-secret@127.0.0.1:{unused_port}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("AIRFLOW_CONN_BEHIND", "clevertap://TEST-ABC-12Z:WQX-SECRET-7731@/?region=IN1")
    good, message = CleverTapHook("behind").test_connection()
    assert not good
    assert f"Check that the proxy 127.0.0.1:{unused_port} (HTTPS_PROXY" in message
    assert "as account TEST-ABC-12Z, to https://in1.api.clevertap.com (region in1, India), through the proxy" in message
    assert "secret" not in message.lower()


@pytest.mark.parametrize(
    ("status", "advice"),
    [(503, "Account and passcode were not checked"), (429, "Loads use the account"), (404, "Check the Base URL")],
)
def test_a_server_that_fails_is_reported(connection: str, emulator: Any, status: int, advice: str) -> None:
    emulator.inject({"do": "status", "status": status})
    good, message = CleverTapHook(connection).test_connection()
    assert not good
    assert advice in message
    assert f"as account {emulator.account_id}" in message
    assert emulator.passcode not in message


def test_an_incomplete_connection_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REGIONLESS", "clevertap://ABC:secret@/")
    good, message = CleverTapHook("regionless").test_connection()
    assert not good
    assert "'regionless'" in message
    assert "in1" in message
    assert message.endswith("Nothing was sent.")


@pytest.mark.airflow
def test_airflows_own_command_tests_the_connection(run_airflow: Any, airflow_db: Any, emulator: Any) -> None:
    done = run_airflow("connections", "test", "over_there", AIRFLOW_CONN_OVER_THERE=uri(emulator.url))
    assert "success" in done.stdout.lower(), done.stdout + done.stderr
    assert emulator.passcode not in done.stdout + done.stderr


def test_the_client_is_made_once(connection: str) -> None:
    hook = CleverTapHook(connection)
    with hook.get_conn() as client:
        assert hook.get_conn() is client


def test_the_client_follows_the_connection(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLOW", f"{uri(emulator.url)}?timeout=7.5&max_in_flight=3")
    with CleverTapHook("slow").get_conn() as client:
        assert (client.timeout, client.max_in_flight, client.base_url) == (7.5, 3, emulator.url)


@pytest.mark.parametrize("given", [0, "5"])
def test_the_number_that_is_no_number_of_requests_is_not_looked_for_in_the_connection(
    emulator: Any, monkeypatch: pytest.MonkeyPatch, given: Any, tmp_path: Any
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLOW", f"{uri(emulator.url)}?max_in_flight=3")
    source = tmp_path / "one.csv"
    source.write_text("identity,Email\nasha,asha@example.com\n")
    with pytest.raises(ConfigurationError, match=f"^max_in_flight must be a whole number from 1 to 15.*{given}"):
        CleverTapHook("slow").upload_profiles(str(source), max_in_flight=given)


@pytest.mark.parametrize("given", [0, -5, "5", True])
def test_a_request_has_a_number_of_bytes(connection: str, tmp_path: Any, given: Any) -> None:
    source = tmp_path / "one.csv"
    source.write_text("identity,Email\nasha,asha@example.com\n")
    with pytest.raises(ConfigurationError, match=f"^bytes_per_batch must be a whole number, at least 1, not .*{given}"):
        CleverTapHook(connection).upload_profiles(str(source), bytes_per_batch=given)


def test_the_client_reads_profiles(connection: str, tmp_path: Any) -> None:
    source = tmp_path / "one.csv"
    source.write_text("identity,Email\nasha,asha@example.com\n")
    hook = CleverTapHook(connection)
    assert hook.upload_profiles(str(source))["accepted"] == 1
    with hook.get_conn() as client:
        assert client.get_profile(identity="asha") is not None
        assert client.get_profile(identity="nobody") is None


def test_the_hook_sends_profile_updates_before_events(connection: str, emulator: Any, tmp_path: Any) -> None:
    source = tmp_path / "one.csv"
    source.write_text("identity,ts,City\nasha,1767322800,Pune\n")
    hook = CleverTapHook(connection)
    assert hook.upload_events(str(source), event_name="Viewed", profile_columns=["City"])["accepted"] == 1
    assert emulator.profile("asha")["data"] == {"City": "Pune"}
    assert emulator.events("asha")[0]["data"] == {}
    with pytest.raises(ConfigurationError, match="is for events"):
        hook.upload_profiles(str(source), profile_columns=["City"])


def test_the_hook_makes_orders_of_lines(connection: str, emulator: Any, tmp_path: Any) -> None:
    source = tmp_path / "lines.csv"
    source.write_text("order,identity,ts,sku\n7,u-1,1767322800,a\n7,u-1,1767322800,b\n")
    summary = CleverTapHook("clevertap_default").upload_events(str(source), group_by="order", items=["sku"])
    assert summary["accepted"] == 2
    assert [event["data"]["Items"] for event in emulator.events()] == [[{"sku": "a"}, {"sku": "b"}]]


def test_outside_a_task_there_is_no_rejects_file_unless_asked_for(connection: str, tmp_path: Any) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("identity,Email\nasha,asha@example.com\nravi,ravi.example.com\n")
    hook = CleverTapHook(connection)
    with pytest.raises(TooManyRejectsError) as caught:
        hook.upload_profiles(str(source))
    assert caught.value.summary["rejects_path"] is None
    rejects = tmp_path / "rejects.csv"
    summary = hook.upload_profiles(str(source), max_rejects=1, rejects_path=str(rejects))
    assert summary["rejects_path"] == str(rejects)
    assert "ravi.example.com" in rejects.read_text()


def test_a_refused_load_names_its_connection(emulator: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    source = tmp_path / "one.csv"
    source.write_text("identity,Email\nasha,asha@example.com\n")
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", uri(emulator.url, passcode="not-the-passcode"))
    with pytest.raises(AccessDeniedError, match=f"'wrong'.*{emulator.account_id}.*{emulator.url}") as caught:
        CleverTapHook("wrong").upload_profiles(str(source))
    assert "not-the-passcode" not in str(caught.value)


def test_errors_keep_their_kind(connection: str) -> None:
    with pytest.raises(SourceError):
        CleverTapHook(connection).upload_profiles("/nowhere/at/all.csv")
    with pytest.raises(SourceError, match="nosuchstorage"):
        CleverTapHook(connection).upload_profiles("nosuchstorage://bucket/rows.csv")
    with pytest.raises(ConfigurationError, match="'colums' is not an option"):
        CleverTapHook(connection).upload_profiles("/nowhere/at/all.csv", colums={})


def test_a_connection_that_does_not_exist_is_named(tmp_path: Any) -> None:
    source = tmp_path / "one.csv"
    source.write_text("identity\nasha\n")
    with pytest.raises(ConfigurationError, match="no connection 'nowhere'"):
        CleverTapHook("nowhere").upload_profiles(str(source))


def test_the_passcode_is_given_to_airflows_masker(
    connection: str, emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("airflow_provider_clevertap.hooks.clevertap.mask_secret", seen.append)
    CleverTapHook(connection).settings()
    assert seen == [emulator.passcode]
