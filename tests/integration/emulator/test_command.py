"""The command ``python -m airflow_provider_clevertap.emulator``, and ``RunningEmulator``."""

from __future__ import annotations

import gc
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.http_requests import TIMEOUT, get, post, wait_until

MODULE = "airflow_provider_clevertap.emulator"
HEADERS = {"X-CleverTap-Account-Id": "TEST-ACCOUNT", "X-CleverTap-Passcode": "TEST-PASSCODE"}


@pytest.fixture
def start() -> Iterator[Any]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", MODULE, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:"), line
    return line.split()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_on_a_free_port_and_stops_cleanly(start: Any, tmp_path: Path, number: int, profile: Any) -> None:
    ready = tmp_path / "ready"
    process = start("--port", "0", "--ready-file", str(ready), "--database", str(tmp_path / "emulator.db"))
    url = address_of(process)
    wait_until(ready.exists, "the ready file")
    assert ready.read_text().strip() == url
    answer = post(url + "/1/upload", headers=HEADERS, json={"d": [profile()]})
    assert answer.json()["status"] == "success"
    process.send_signal(number)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (0, "", "")
    with RunningEmulator(database=str(tmp_path / "emulator.db")) as restarted:
        assert len(restarted.profiles()) == 1


def test_its_options(start: Any, event: Any) -> None:
    process = start(
        *("--port", "0", "--account-id", "A", "--passcode", "B", "--max-in-flight", "4", "--max-in-flight-other", "2"),
        *("--latency", "0.1", "--strictness", "refuse", "--discard-event", "Old", "--max-event-properties", "1"),
    )
    url = address_of(process)
    headers = {"X-CleverTap-Account-Id": "A", "X-CleverTap-Passcode": "B"}
    batch = {"d": [event("old"), event(data={"a": 1, "b": 2}), event(data={"a.b": 1})]}
    answer = post(url + "/1/upload", headers=headers, json=batch).json()
    assert [one["code"] for one in answer["unprocessed"]] == [528, 522, 512]
    settings = get(url + "/admin/settings").json()
    assert (settings["max_in_flight"], settings["max_in_flight_other"], settings["latency"]) == (4, 2, 0.1)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--host", "0.0.0.0"), "add --allow-remote"),
        (("--host", "192.0.2.1"), "add --allow-remote"),
        (("--max-in-flight", "0"), "max_in_flight"),
        (("--latency", "-1"), "latency"),
        (("--port", "99999"), "cannot start"),
        (("--database", "/nowhere/at/all.db"), "cannot start: /nowhere/at/all.db: unable to open"),
        (("--database", __file__), f"cannot start: {__file__}: file is not a database"),
        (("--host", "192.0.2.1", "--allow-remote"), "cannot start"),
    ],
)
def test_arguments_it_does_not_start_with(start: Any, arguments: tuple[str, ...], reason: str) -> None:
    process = start("--port", "0", *arguments)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (2, "")
    assert reason in err
    assert "Traceback" not in err


def own_address() -> str | None:
    """Return an address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


def test_from_other_machines_only_the_api_answers(start: Any, profile: Any) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has loopback only")
    process = start("--port", "0", "--host", address, "--allow-remote")
    url = process.stdout.readline().split()[-1]
    assert url.startswith(f"http://{address}:")
    assert post(url + "/1/upload", headers=HEADERS, json={"d": [profile()]}).status_code == 200
    for path in ("/", "/admin/stats", "/admin/profiles"):
        answer = get(url + path, headers={"Host": "localhost"})
        assert (answer.status_code, "c-1" in answer.text) == (403, False)


def test_faults_and_disconnecting_clients_cause_no_errors_in_it(start: Any, profile: Any) -> None:
    process = start("--port", "0")
    url = address_of(process)

    def in_flight() -> int:
        return int(get(url + "/admin/stats").json()["in_flight"])

    for fault in ("reset", "hang_up", "half_body", "huge_body", "slow_drip", "stall"):
        timeout = 0.3 if fault == "stall" else TIMEOUT
        post(url + "/admin/faults", json=[{"do": fault, "times": 1}]).raise_for_status()
        with (
            suppress(httpx.HTTPError),
            httpx.stream(
                "POST", url + "/1/upload", headers=HEADERS, json={"d": [profile()]}, timeout=timeout
            ) as answer,
        ):
            next(answer.iter_raw(10))
    # A client does not wait until the emulator has noticed its request, or that it has disconnected.
    wait_until(lambda: len(get(url + "/admin/requests").json()["items"]) == 6, "six uploads")
    wait_until(lambda: not in_flight(), "all uploads to end")
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, "Content-Length": "999999"}.items())
        client.sendall(f"POST /1/upload HTTP/1.1\r\nHost: {host}\r\n{head}\r\n{{".encode())
        wait_until(in_flight, "half an upload")
    wait_until(lambda: not in_flight(), "half an upload to end")
    assert post(url + "/1/upload", headers=HEADERS, json={"d": [profile()]}).status_code == 200
    assert in_flight() == 0
    results = [one["result"] for one in get(url + "/admin/requests").json()["items"]]
    assert results == ["success"] * 6 + ["The client left before its request was complete", "success"]
    process.terminate()
    _, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (0, "")


def test_a_taken_port(start: Any, emulator: RunningEmulator) -> None:
    process = start("--port", emulator.url.rpartition(":")[2])
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert "cannot start" in err
    assert "Traceback" not in err


def test_it_stops_although_a_request_is_stalled(start: Any, profile: Any) -> None:
    process = start("--port", "0")
    url = address_of(process)
    post(url + "/admin/faults", json=[{"do": "stall"}]).raise_for_status()

    def send() -> None:
        with pytest.raises(httpx.HTTPError):
            post(url + "/1/upload", headers=HEADERS, json={"d": [profile()]})

    thread = threading.Thread(target=send)
    thread.start()
    wait_until(lambda: get(url + "/admin/stats").json()["in_flight"], "the upload in flight")
    process.terminate()
    _, err = process.communicate(timeout=TIMEOUT)
    thread.join(TIMEOUT)
    assert (process.returncode, err) == (0, "")


def test_importing_the_package_is_light() -> None:
    code = f"import sys, {MODULE}; print(*sorted({{'aiohttp', 'jinja2', 'sqlite3', 'msgspec'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_two_at_a_time_and_one_after_another() -> None:
    others = set(threading.enumerate())
    first = RunningEmulator()
    with first, RunningEmulator(account_id="OTHER") as second:
        assert first.url != second.url
        assert get(second.url + "/1/profile.json?identity=a", headers=HEADERS).status_code == 401
    # Another program may take one of the ports as soon as it is free, but hardly both.
    assert not (answers(first.url) and answers(second.url))
    with first:
        assert first.stats()["requests"] == 0
    left = set(threading.enumerate()) - others
    assert not [thread.name for thread in left if thread.name.startswith("clevertap-emulator")]


@pytest.mark.parametrize(
    "use",
    [
        RunningEmulator.stats,
        RunningEmulator.profiles,
        RunningEmulator.faults,
        RunningEmulator.add_messages,
        RunningEmulator.change_settings,
        RunningEmulator.go_down,
        RunningEmulator.come_back,
        lambda emulator: emulator.inject({"do": "reset"}),
        lambda emulator: emulator.write_cloud_export("."),
    ],
)
def test_an_emulator_that_does_not_run_says_so(use: Callable[[RunningEmulator], Any]) -> None:
    emulator = RunningEmulator()
    with pytest.raises(RuntimeError, match="not running"):
        use(emulator)
    with emulator, pytest.raises(RuntimeError, match="running already"), emulator:
        pass
    with pytest.raises(RuntimeError, match="not running"):
        use(emulator)


def test_half_a_request_leaves_nothing_in_the_log_when_it_stops(caplog: pytest.LogCaptureFixture) -> None:
    with RunningEmulator() as emulator, socket.create_connection(("127.0.0.1", httpx.URL(emulator.url).port)) as client:
        client.sendall(b"POST /1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        assert client.recv(12) == b"HTTP/1.1 401"
    gc.collect()
    assert not caplog.records


def answers(url: str) -> bool:
    try:
        get(url)
    except httpx.ConnectError:
        return False
    return True


def test_wrong_settings_raise_before_it_starts() -> None:
    with pytest.raises(msgspec.ValidationError, match="max_in_flight"):
        RunningEmulator(max_in_flight=0)


def test_an_unknown_profile_is_a_key_error(emulator: RunningEmulator) -> None:
    with pytest.raises(KeyError):
        emulator.profile("nobody")


def test_the_passcode_is_in_no_repr() -> None:
    from airflow_provider_clevertap.emulator.settings import Credentials

    assert "secret" not in repr(Credentials("A", "secret"))
