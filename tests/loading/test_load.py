"""A whole load over HTTP: every row ends in exactly one outcome, whatever the service does."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from plain_rows import QUICK, Rows, people

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapUnavailableError,
    ConfigurationError,
    LoadStoppedError,
    MappingError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.kinds import PROFILES
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.rows import RowFault
from airflow_provider_clevertap.loading.sources import open_source
from airflow_provider_clevertap.loading.summary import Summary

MakeLoad = Callable[..., Load]
OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def check_accounts(summary: Summary, rows: int) -> dict[str, Any]:
    facts = summary.to_dict()
    assert facts["rows"] == rows == sum(facts[outcome] for outcome in OUTCOMES)
    json.dumps(facts)
    return facts


def rejects(path: Path) -> dict[int, dict[str, str]]:
    with path.open(newline="") as stream:
        return {int(row["clevertap_row"]): row for row in csv.DictReader(stream)}


def stored(emulator: RunningEmulator) -> set[str]:
    return {profile["identity"] for profile in emulator.profiles()}


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
    monkeypatch.setattr("airflow_provider_clevertap.loading.load._MOST_OPEN_ROWS", 300)
    frames = ([f"cust-{n}-{m}" for m in range(40 - bad)] + [None] * bad for n in range(30))
    source = open_source(pd.DataFrame({"identity": pd.Series(names, dtype=object)}) for names in frames)
    load = Load(PROFILES, source, client, LoadOptions(retries=QUICK, max_rejects=1.0))
    running = threading.Thread(target=load.run, daemon=True)
    running.start()
    running.join(30)
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
    source = Rows(rows, faults={9: RowFault("the row has 5 cells, the header 3")})
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
    from airflow_provider_clevertap.loading.sources import open_source

    rows = people(20)
    rows[4]["Email"] = "broken"
    path = tmp_path / "rejects.csv"
    make_load(rows, max_rejects=1, rejects_path=path).run()
    path.write_text(path.read_text().replace("broken", "mended@example.com"))
    again = make_load(open_source(path), unmapped="error", columns={"Email": "Email", "identity": "identity"}).run()
    assert check_accounts(again, 1)["accepted"] == 1
    assert emulator.profile("cust-00004")["data"]["Email"] == "mended@example.com"


def test_bad_neighbours_sink_nobody(make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "status", "status": 400, "identity": "cust-00333"})
    path = tmp_path / "rejects.csv"
    facts = check_accounts(make_load(people(1_000), max_rejects=1, rejects_path=path).run(), 1_000)
    assert (facts["accepted"], facts["rejected"]) == (999, 1)
    assert list(rejects(path)) == [334]
    assert stored(emulator) == {f"cust-{n:05}" for n in range(1_000)} - {"cust-00333"}


def test_a_service_that_refuses_every_request_ends_the_load(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 400})
    load = make_load(people(20_000), max_in_flight=2)
    with pytest.raises(ConfigurationError, match="400"):
        load.run()
    assert load.summary.requests < 1_000


def test_waits_for_a_busy_service_are_no_failures(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 429, "times": 6}, {"do": "status", "status": 503, "times": 1})
    assert make_load(people(10)).run().accepted == 10


def test_a_batch_too_large_for_the_service_is_split(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 413, "larger_than": 9_000})
    facts = check_accounts(make_load(people(1_000)).run(), 1_000)
    assert facts["accepted"] == 1_000
    assert len(stored(emulator)) == 1_000


def test_a_whole_batch_refused_with_200_is_read_right(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "fail_records"})
    load = make_load(people(50))
    with pytest.raises(TooManyRejectsError, match="50 of 50 rows failed"):
        load.run()
    facts = check_accounts(load.summary, 50)
    assert (facts["rejected"], facts["codes"]) == (50, {"555": 50})


def test_records_that_met_a_server_error_are_sent_again(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "fail_records", "records": [2, 900], "times": 2})
    facts = check_accounts(make_load(people(1_000)).run(), 1_000)
    assert facts["accepted"] == 1_000
    assert facts["retries"] >= 1


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "status", "status": 503, "body": "html"},
        {"do": "status", "status": 500, "stored": True},
        {"do": "reset"},
        {"do": "reset", "stored": True},
        {"do": "hang_up", "stored": True},
        {"do": "half_body"},
        {"do": "html"},
        {"do": "bad_json"},
        {"do": "wrong_counts"},
        {"do": "status", "status": 200, "body": "empty"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_an_unclear_answer_to_profiles_is_overcome(
    make_load: MakeLoad, emulator: RunningEmulator, fault: dict[str, Any]
) -> None:
    emulator.inject({**fault, "times": 2})
    facts = check_accounts(make_load(people(2_000), max_in_flight=1).run(), 2_000)
    assert facts["accepted"] == 2_000
    assert len(stored(emulator)) == 2_000
    assert facts["resent"] == 2_000
    assert facts["retries"] == 2


def test_counting_operations_are_held_when_the_user_says_so(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "reset", "stored": True, "times": 1})
    path = tmp_path / "rejects.csv"
    load = make_load(
        people(1_500, Points="5"),
        columns={"Points": Column(operator="$incr")},
        on_unconfirmed="hold",
        max_rejects=1.0,
        max_in_flight=1,
        rejects_path=path,
    )
    facts = check_accounts(load.run(), 1_500)
    assert (facts["accepted"], facts["unconfirmed"], facts["resent"]) == (500, 1_000, 0)
    assert {row["clevertap_outcome"] for row in rejects(path).values()} == {"unconfirmed"}
    assert emulator.profile("cust-00001")["data"]["Points"] == 5


def test_counting_operations_are_resent_by_default(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "reset", "stored": True, "times": 1})
    load = make_load(people(10, Points="5"), columns={"Points": Column(operator="$incr")})
    facts = check_accounts(load.run(), 10)
    assert (facts["accepted"], facts["resent"]) == (10, 10)
    assert emulator.profile("cust-00001")["data"]["Points"] == 10


def test_an_answer_that_never_adds_up_leaves_its_rows_unconfirmed(
    make_load: MakeLoad, emulator: RunningEmulator
) -> None:
    emulator.inject({"do": "wrong_counts"})
    load = make_load(people(10), max_rejects=10)
    assert check_accounts(load.run(), 10)["unconfirmed"] == 10


def test_a_page_in_place_of_answers_is_the_weather(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "html"})
    load = make_load(people(5_000), max_in_flight=1)
    with pytest.raises(CleverTapUnavailableError, match="HTML page"):
        load.run()
    # It may pass, so no row is given up for it.
    assert load.summary.rows == 0


def test_a_low_ceiling_is_respected_in_the_end(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.set_max_in_flight(3)
    emulator.inject({"do": "delay", "seconds": 0.02})
    facts = check_accounts(make_load(people(40_000), max_in_flight=15).run(), 40_000)
    assert facts["accepted"] == 40_000
    assert facts["resent"] == 0
    assert all(request["in_flight"] <= 3 for request in emulator.requests() if request["status"] == 200)


def test_a_wrong_passcode_ends_the_load_at_once(emulator: RunningEmulator) -> None:
    with CleverTapClient(emulator.account_id, "WRONG-CODE", emulator.url) as client:
        load = Load(PROFILES, Rows(people(50_000)), client, LoadOptions(max_in_flight=2))
        with pytest.raises(AccessDeniedError) as caught:
            load.run()
    assert "WRONG-CODE" not in str(caught.value)
    assert load.summary.accepted == 0
    assert len(emulator.requests()) < 20


def test_a_dead_server_is_the_weather() -> None:
    with CleverTapClient("ID", "CODE", "http://127.0.0.1:9") as client:
        load = Load(PROFILES, Rows(people(10)), client, LoadOptions(retries=QUICK))
        with pytest.raises(CleverTapUnavailableError, match=r"127\.0\.0\.1"):
            load.run()


def test_trouble_that_does_not_end_is_the_weather(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 503, "skip": 2})
    load = make_load(people(5_000), max_in_flight=1)
    with pytest.raises(CleverTapUnavailableError):
        load.run()
    # What was settled is counted all the same.
    assert load.summary.accepted >= 1_400


def test_being_told_to_wait_is_no_failure(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 429, "times": 9})
    policy = RetryPolicy(attempts=2, total_seconds=20.0, base=0.01, cap=0.02)
    facts = check_accounts(make_load(people(10), retries=policy).run(), 10)
    assert (facts["accepted"], facts["retries"], facts["resent"]) == (10, 9, 0)


def test_stop_settles_what_is_in_flight(make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "delay", "seconds": 0.1})
    load = make_load(people(60_000), max_in_flight=4, rejects_path=tmp_path / "r.csv")
    threading.Timer(0.5, load.stop).start()
    with pytest.raises(LoadStoppedError):
        load.run()
    arrived = len(stored(emulator))
    assert 0 < arrived < 60_000
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


@pytest.mark.parametrize(("allowed", "passes"), [(0, False), (4, False), (5, True), (0.049, False), (0.05, True)])
def test_max_rejects_as_rows_and_as_a_share(make_load: MakeLoad, allowed: float, passes: bool) -> None:
    rows = people(100)
    for row in rows[:5]:
        row["Email"] = "broken"
    load = make_load(rows, max_rejects=allowed)
    if passes:
        load.run()
    else:
        with pytest.raises(TooManyRejectsError, match="5 of 100 rows failed"):
            load.run()
    # Either way everything loadable was loaded.
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
    with pytest.raises(MappingError, match="no column says who a row belongs to"):
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
        {"max_rejects": True},
        {"max_rejects": "5"},
        {"max_rejects": float("nan")},
        {"max_in_flight": "8"},
        {"unmapped": "keep"},
        {"dry_run": "yes"},
        {"on_unconfirmed": "maybe"},
        {"on_bad_value": "ignore"},
        {"default_country": "India"},
    ],
    ids=str,
)
def test_wrong_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        LoadOptions(**options)
