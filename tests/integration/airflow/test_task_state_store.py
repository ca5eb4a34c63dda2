"""The checkpoint in Airflow's task state store, when the API server that keeps it does not answer."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.exceptions import StorageUnavailableError, SupersededError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import events
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.task_runtime.checkpoint_stores import checkpoint_store

pytestmark = pytest.mark.skipif(version("apache-airflow").startswith("2."), reason="Airflow 2 has no task state store")

VIEWED = events(event_name="Viewed", timestamp="now")


def no_answer() -> Exception:
    """Return what Airflow's accessor raises once its supervisor has called the API server five times in vain."""
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    detail = {"status_code": None, "message": "Connection refused", "exception_type": "ConnectError"}
    return AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail))


def unknown_try() -> Exception:
    """Return the error that it raises for an attempt that is not the latest one."""
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    detail = {"status_code": 404, "message": "Not found", "detail": {"detail": {"reason": "not_found"}}}
    return AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail))


class Accessor:
    """Stands for ``context["task_state_store"]``, and fails in some of its calls.

    :param fails: what to raise, by the number of the call.
    """

    def __init__(self, fails: dict[int, Exception]) -> None:
        self.kept: dict[str, Any] = {}
        self.fails = fails
        self.calls = 0

    def get(self, key: str) -> Any:
        self._call()
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        self._call()
        self.kept[key] = value

    def _call(self) -> None:
        self.calls += 1
        if self.calls in self.fails:
            raise self.fails[self.calls]


@pytest.fixture
def make(emulator: Any, tmp_path: Path) -> Any:
    from airflow_provider_clevertap.api.client import CleverTapClient

    source = tmp_path / "views.csv"
    source.write_text("identity\n" + "".join(f"c-{number}\n" for number in range(5_000)))
    client = CleverTapClient(emulator.account_id, emulator.passcode, emulator.url, timeout=60.0, max_in_flight=1)

    def make(accessor: Accessor, attempt: int = 1) -> Load:
        names = {"dag_id": "d", "run_id": str(tmp_path), "task_id": "t", "map_index": -1, "max_tries": 2}
        task = SimpleNamespace(**names, try_number=attempt)
        store = checkpoint_store({"ti": task, "task_state_store": accessor}, tmp_path)
        options = LoadOptions(max_in_flight=1, on_unconfirmed="hold", max_rejects="100%")
        return Load(VIEWED, open_source(str(source)), client, options, log=logging.getLogger("load"), store=store)

    return make


def test_a_store_that_is_away_for_a_while_is_waited_for(make: Any, emulator: Any) -> None:
    accessor = Accessor({1: no_answer(), 3: no_answer(), 5: no_answer(), 6: no_answer()})
    assert make(accessor).run().accepted == 5_000
    assert accessor.kept["clevertap_load"]["complete"]
    assert accessor.calls > 6


def test_a_store_that_stays_away_ends_the_try_and_nothing_is_sent_without_it(
    make: Any, emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RETRY_SECONDS", "CLOSING_RETRY_SECONDS"):
        monkeypatch.setattr(f"airflow_provider_clevertap.storage.retry.{name}", 0.3)
    accessor = Accessor(dict.fromkeys(range(2, 99), no_answer()))
    with pytest.raises(StorageUnavailableError, match="task state store"):
        make(accessor).run()
    assert emulator.stats()["requests"] == 0
    accessor.fails = {}
    assert make(accessor, attempt=2).run().accepted == 5_000


@pytest.mark.parametrize("call", [2, 4])
def test_a_try_that_airflow_does_not_know_any_more_stops_at_once(make: Any, emulator: Any, call: int) -> None:
    accessor = Accessor(dict.fromkeys(range(call, 99), unknown_try()))
    with pytest.raises(SupersededError):
        make(accessor).run()
    assert accessor.calls <= call + 1
    assert emulator.stats()["stored"]["events"] <= (0 if call == 2 else 1_000)


def test_these_are_the_errors_that_airflow_raises() -> None:
    """What the supervisor answers when it cannot reach the API server, and when that answers 404, is as above."""
    from airflow.sdk.api.client import ServerResponseError
    from airflow.sdk.execution_time import supervisor

    sent: list[Any] = []
    request = httpx.Request("PUT", "http://127.0.0.1/store")
    response = httpx.Response(404, json={"detail": {"reason": "not_found"}}, request=request)
    problems = [
        httpx.ConnectError("Connection refused", request=request),
        ServerResponseError("Not found", request=request, response=response),
    ]
    process = SimpleNamespace(
        decoder=SimpleNamespace(validate_python=lambda body: body),
        _deserialize_request=lambda body: body,
        _handle_request=lambda *_: (_ for _ in ()).throw(problems.pop(0)),
        send_msg=lambda **message: sent.append(message["error"]),
    )
    asked: Any = SimpleNamespace(body={}, id=1, context_carrier=None)
    quiet = SimpleNamespace(error=lambda *_, **__: None, exception=lambda *_, **__: None)
    requests = supervisor.WatchedSubprocess.handle_requests(process, quiet)  # type: ignore[arg-type]
    next(requests)
    requests.send(asked)
    requests.send(asked)
    codes = [error.detail["status_code"] for error in sent]
    assert codes == [None, 404]
    assert {error.error for error in sent} == {no_answer().error.error}  # type: ignore[attr-defined]
