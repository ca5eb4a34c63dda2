"""A whole load over HTTP: every row gets exactly one outcome, whatever the service answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    CleverTapUnavailableError,
    ConfigurationError,
    LoadStoppedError,
    MappingError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.rows.block import RowError
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.broken_loads import StoppingClient
from tests.support.outcomes_of_rows import OUTCOMES, check_accounts, rejects, stored
from tests.support.plain_rows import QUICK, Rows, people

MakeLoad = Callable[..., Load]


def test_every_row_arrives(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    summary = make_load(people(2_500)).run()
    facts = check_accounts(summary, 2_500)
    assert facts["accepted"] == 2_500
    assert facts["requests"] == 3
    assert facts["retries"] == facts["resent"] == 0
    assert stored(emulator) == {f"cust-{n:05}" for n in range(2_500)}
    assert emulator.profile("cust-00007")["data"]["Email"] == "user7@example.com"


@pytest.mark.parametrize("bad", [0, 39], ids=["good", "nearly all bad"])
def test_blocks_too_small_to_fill_a_batch_do_not_wait_for_one(
    bad: int, client: CleverTapClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_clevertap.loading.conductor.MAX_OPEN_ROWS", 300)
    frames = ([f"cust-{n}-{m}" for m in range(40 - bad)] + [None] * bad for n in range(30))
    source = open_source(pd.DataFrame({"identity": pd.Series(names, dtype=object)}) for names in frames)
    load = Load(PROFILES, source, client, LoadOptions(retries=QUICK, max_rejects="100%"))
    running = threading.Thread(target=load.run, daemon=True)
    running.start()
    running.join(300)
    assert not running.is_alive()
    assert check_accounts(load.summary, 1_200)["accepted"] == 30 * (40 - bad)


def test_each_outcome_has_its_row_and_its_reason(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = people(1_500, Phone="+919812345678")
    rows[3]["Email"] = "not an address"
    rows[5]["identity"] = None
    rows[7] = dict.fromkeys(rows[7])
    emulator.inject({"do": "fail_records", "identities": ["cust-01200"]})
    source = Rows(rows, faults={9: RowError("the row has 5 cells, the header 3")})
    path = tmp_path / "rejects.csv"
    facts = check_accounts(make_load(source, max_rejects=10, rejects_path=path).run(), 1_500)
    assert {outcome: facts[outcome] for outcome in OUTCOMES} == {
        "accepted": 1_495, "rejected": 1, "invalid": 3, "unconfirmed": 0, "skipped": 1,
    }  # fmt: skip
    assert facts["codes"] == {"515": 1, "523": 1, "555": 1}
    found = rejects(path)
    assert list(found) == [4, 6, 10, 1201]
    assert (found[4]["clevertap_outcome"], found[4]["clevertap_field"]) == ("invalid", "Email")
    assert found[4]["Email"] == "not an address"
    assert found[6]["clevertap_code"] == "523"
    assert "5 cells" in found[10]["clevertap_reason"]
    assert (found[1201]["clevertap_outcome"], found[1201]["clevertap_code"]) == ("rejected", "555")
    assert len(stored(emulator)) == 1_495


def test_the_rejects_file_fixed_and_loaded_again_is_accepted(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    from airflow_provider_clevertap.loading.sources.open import open_source

    rows = people(20)
    rows[4]["Email"] = "broken"
    path = tmp_path / "rejects.csv"
    make_load(rows, max_rejects=1, rejects_path=path).run()
    path.write_text(path.read_text().replace("broken", "mended@example.com"))
    again = make_load(open_source(path), unmapped="error", columns={"Email": "Email", "identity": "identity"}).run()
    assert check_accounts(again, 1)["accepted"] == 1
    assert emulator.profile("cust-00004")["data"]["Email"] == "mended@example.com"


def test_stop_settles_what_is_in_flight(client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path) -> None:
    stopping: Any = StoppingClient(client, 8)
    options = LoadOptions(retries=QUICK, max_in_flight=4, rejects_path=tmp_path / "r.csv")
    load = Load(PROFILES, Rows(people(25_000)), stopping, options)
    stopping.stop = load.stop
    with pytest.raises(LoadStoppedError):
        load.run()
    arrived = len(stored(emulator))
    assert 8_000 <= arrived <= 11_000  # all requests that had begun, including the one at which it was stopped
    assert load.summary.accepted == load.summary.rows == arrived


def test_what_a_failed_load_had_settled_is_counted_and_written_down(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = people(5_000)
    for row in rows[::100]:
        row["Email"] = "broken"
    emulator.inject({"do": "status", "status": 503, "skip": 2})
    path = tmp_path / "rejects.csv"
    load = make_load(Rows(rows, block_rows=4_000), max_in_flight=1, rejects_path=path)
    with pytest.raises(CleverTapUnavailableError):
        load.run()
    facts = load.summary.to_dict()
    assert facts["accepted"] == len(stored(emulator)) > 0
    assert len(rejects(path)) == facts["invalid"] > 0


def test_local_dry_run_sends_nothing(emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = people(30)
    rows[2]["Email"] = "broken"
    options = LoadOptions(dry_run="local", max_rejects=1, rejects_path=tmp_path / "r.csv")
    facts = check_accounts(Load(PROFILES, Rows(rows), None, options).run(), 30)
    assert (facts["accepted"], facts["invalid"], facts["requests"], facts["dry_run"]) == (29, 1, 0, "local")
    assert emulator.requests() == []


def test_server_dry_run_asks_and_stores_nothing(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "fail_records", "identities": ["cust-00003"]})
    facts = check_accounts(make_load(people(30), dry_run="server", max_rejects=1).run(), 30)
    assert (facts["accepted"], facts["rejected"]) == (29, 1)
    assert emulator.profiles() == []


@pytest.mark.parametrize(
    ("allowed", "passes"), [(0, False), (4, False), (5, True), (0.049, False), (0.05, True), ("5%", True)]
)
def test_max_rejects_as_rows_and_as_a_share(make_load: MakeLoad, allowed: float | str, passes: bool) -> None:
    rows = people(100)
    for row in rows[:5]:
        row["Email"] = "broken"
    load = make_load(rows, max_rejects=allowed)
    if passes:
        load.run()
    else:
        with pytest.raises(TooManyRejectsError, match="5 of 100 rows failed"):
            load.run()
    # In both cases all valid rows were loaded.
    assert load.summary.accepted == 95


def test_dropped_values_are_told_and_their_rows_go_on(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = people(10, Gender="F")
    rows[2] |= {"Email": "broken", "Gender": "unknown"}
    path = tmp_path / "rejects.csv"
    facts = check_accounts(make_load(rows, on_bad_value="drop", rejects_path=path).run(), 10)
    assert (facts["accepted"], facts["values_dropped"], facts["codes"]) == (10, 2, {})
    (row,) = rejects(path).values()
    assert (row["clevertap_outcome"], row["clevertap_field"]) == ("accepted", "Email, Gender")
    assert emulator.profile("cust-00002")["data"] == {}


def test_mapping_errors_come_before_the_first_request(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    with pytest.raises(MappingError, match="no column identifies the owner of a row"):
        make_load([{"mail": "a@b.co"}]).run()
    assert emulator.requests() == []


def test_the_report_tells_the_circumstances_and_no_person(make_load: MakeLoad, tmp_path: Path) -> None:
    rows = people(10)
    rows[1]["Email"] = "broken"
    path = tmp_path / "report.json"
    with pytest.raises(TooManyRejectsError):
        make_load(rows, report_path=path, columns={"Email": Column(type="text")}).run()
    report = json.loads(path.read_text())
    assert report["source"] == "people.csv"
    assert report["summary"]["invalid"] == 1
    assert report["codes"]["515"]["fix"]
    assert report["columns"] == {"Email": {"type": "text"}}
    assert "TooManyRejectsError" in report["failure"]
    assert "cust-0" not in path.read_text()
    assert "broken" not in path.read_text()


@pytest.mark.parametrize(
    "options",
    [
        {"max_in_flight": 0},
        {"max_in_flight": 16},
        {"max_rejects": -1},
        {"max_rejects": 1.5},
        {"max_rejects": 1.0},
        {"max_rejects": True},
        {"max_rejects": "few"},
        {"max_rejects": float("nan")},
        {"max_in_flight": "8"},
        {"max_in_flight": True},
        {"retries": 3},
        {"unmapped": "keep"},
        {"dry_run": "yes"},
        {"on_unconfirmed": "maybe"},
        {"on_bad_value": "ignore"},
        {"default_country": "India"},
        {"phone_check": "strict"},
    ],
    ids=str,
)
def test_wrong_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        LoadOptions(**options)
