"""Loads that end in every way there is, at debug level. Run by test_secrets.py in a process of its own.

What is secret comes through the environment: nothing of it may stand in a process's arguments.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

PASSCODE = os.environ["TOLD_PASSCODE"]
PERSON: dict[str, str] = json.loads(os.environ["TOLD_PERSON"])
LEFT = Path(sys.argv[1])
COLUMNS = {"id": "identity", "token": None}
FAULTS: list[dict[str, Any]] = [
    {"do": "html"},
    {"do": "status", "status": 302},
    {"do": "status", "status": 401, "error": f"bad passcode {PASSCODE}"},
    {"do": "status", "status": 403},
    {"do": "status", "status": 400, "error": f"cannot read {PERSON['mail']}"},
    {"do": "status", "status": 413},
    {"do": "status", "status": 429, "retry_after": 0, "times": 2},
    {"do": "status", "status": 503, "times": 2},
    {"do": "reset", "stored": True, "times": 2},
    {"do": "half_body", "times": 2},
    {"do": "stall", "times": 1},
]
#: Seconds a client waits: a few where an answer never comes.
LONG, SHORT = 60, 2


def connection(url: str, passcode: str = PASSCODE, timeout: int = LONG) -> str:
    fields = {"conn_type": "clevertap", "login": "TEST-ABC-12Z", "password": passcode, "host": url}
    return json.dumps({**fields, "extra": {"timeout": timeout}})


def main() -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.api.retry import RetryPolicy
    from airflow_provider_clevertap.emulator.testing import RunningEmulator
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
    from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
    from tests.support.inline_dag import in_this_process

    RetryPolicy.delay = lambda *_: 0.01  # type: ignore[method-assign]  # as often as ever, in less time
    people = LEFT.parent / "source" / "people.csv"
    tokens = LEFT.parent / "source" / "tokens.csv"
    lines = LEFT.parent / "source" / "lines.jsonl"
    states: dict[str, str] = {}

    def run(name: str, operator: Any = CleverTapUploadProfilesOperator, **arguments: Any) -> None:
        given = {"source": str(people), "columns": COLUMNS, "artifacts_path": str(LEFT / name), **arguments}
        with DAG(f"traces_{name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
            operator(task_id="load", retries=0, retry_delay=timedelta(0), **given)
        states[name] = str(in_this_process(dag).state).rpartition(".")[2]

    with RunningEmulator(account_id="TEST-ABC-12Z", passcode=PASSCODE) as emulator:
        os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"] = connection(emulator.url)
        if "killed" in sys.argv:
            emulator.inject({"do": "delay", "seconds": 300, "skip": 2})
            threading.Thread(target=die_in_the_middle, args=(emulator,), daemon=True).start()
            run("killed", source=str(LEFT.parent / "source" / "many.csv"), max_in_flight=1)
            return
        run("good", max_rejects=10)
        run("bad_rows")
        run("broken_lines", source=str(lines))
        run("tokens", CleverTapUploadDeviceTokensOperator, source=str(tokens), columns={}, max_rejects=10)
        run(
            "events", CleverTapUploadEventsOperator, event_name="Viewed", timestamp="now",
            columns={"id": "identity", "mail": "Mail", "phone": None, "token": None},
        )  # fmt: skip
        run("mapping", columns={**COLUMNS, "missing": "Name"})
        run("unmapped", unmapped="error")
        run("twice", columns={**COLUMNS, "mail": "Email", "phone": "Email"})
        run("frame", source=frame(people), max_rejects=10)
        for fault in FAULTS:
            emulator.inject({"times": 3, **fault})
            name = f"{fault['do']}_{fault.get('status', '')}"
            waits = SHORT if fault["do"] == "stall" else LONG
            os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"] = connection(emulator.url, timeout=waits)
            run(name, max_rejects=10, columns=COLUMNS)
            ask(CleverTapHook())
            emulator.clear_faults()
        os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"] = connection(emulator.url, f"{PASSCODE}-WRONG")
        run("wrong_passcode")
        page = urlopen(emulator.url).read().decode()
        os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"] = connection(emulator.url)
        emulator.go_down()
        run("dead", max_in_flight=1)
    (LEFT / "page.html").write_text(page)
    (LEFT / "states.json").write_text(json.dumps(states))


def ask(hook: Any) -> None:
    sys.stdout.write(f"{hook.test_connection()}\n")
    try:
        with hook.get_conn() as api:
            api.get_profile(email=PERSON["mail"])
    except Exception:
        traceback.print_exc()


def frame(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path, dtype=str)


def die_in_the_middle(emulator: Any) -> None:
    while emulator.stats()["requests"] < 2:
        time.sleep(0.02)
    os.kill(os.getpid(), 9)


main()
