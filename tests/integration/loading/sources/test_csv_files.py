"""CSV files with malformed rows: the rest is loaded, and the rejects file shows what was in these rows."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CannotResumeError, MappingError
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.record_kinds import events
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource
from tests.support.broken_loads import Broken, MakeLoad
from tests.support.outcomes_of_rows import check_accounts, rejects


def test_rows_of_joined_files_and_malformed_rows(
    make_load: Callable[..., Load], emulator: RunningEmulator, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv.gz"
    parts = ["\ufeffidentity,Name\n1,A\n", '\ufeffidentity,Name\n2,"say \\"hi\\" = x"\n3,"C"\n']
    path.write_bytes(b"".join(gzip.compress(part.encode()) for part in parts))
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"

    facts = check_accounts(make_load(open_source(path), rejects_path=first, max_rejects=2).run(), 4)

    assert (facts["accepted"], facts["invalid"]) == (2, 2)
    assert {profile["keys"]["identity"][0]: profile["data"] for profile in emulator.profiles()} == {
        "1": {"Name": "A"},
        "3": {"Name": "C"},
    }
    found = rejects(first)
    assert list(found) == [2, 3]
    assert "header again" in found[2]["clevertap_reason"]
    assert (found[3]["identity"], found[3]["clevertap_line"]) == ("", '2,"say \\"hi\\" = x"')
    # Loaded again as it is, the rejects file neither makes a person of the header nor of pieces of a row.
    facts = check_accounts(make_load(open_source(first), rejects_path=second, max_rejects=2).run(), 2)
    assert (facts["invalid"], facts["skipped"]) == (1, 1)
    assert "header again" in rejects(second)[1]["clevertap_reason"]


def test_columns_without_a_name_are_left_out_with_a_line_in_the_log(
    make_load: Callable[..., Load], emulator: RunningEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, first, second = tmp_path / "people.csv", tmp_path / "first.csv", tmp_path / "second.csv"
    path.write_text("identity,,Name,\n1,x,A,\n,y,B,\n\n")
    with caplog.at_level(logging.INFO):
        facts = make_load(open_source(path), rejects_path=first, max_rejects=1).run().to_dict()
    assert (facts["accepted"], facts["invalid"]) == (1, 1)
    assert "Left out, as the header has no name for it: column 2, 4" in caplog.messages
    (profile,) = emulator.profiles()
    assert profile["data"] == {"Name": "A"}
    # The rejects file has these cells as well, and can be loaded again, also when only known columns may be loaded.
    assert first.read_text().splitlines()[1].startswith(",y,B,,2,invalid,")
    again = make_load(open_source(first), rejects_path=second, max_rejects=1, unmapped="error", columns={
        "identity": "identity", "Name": "Name", "": None})  # fmt: skip
    assert again.run().to_dict()["invalid"] == 1
    with pytest.raises(MappingError, match="column 2 is mapped, and has no name in the header"):
        make_load(open_source(path), columns={"": "Email"}).run()


def test_columns_without_a_name_do_not_make_lines_of_an_order_disagree(
    make_load: Callable[..., Load], emulator: RunningEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lines.csv"
    path.write_text("order,identity,ts,,product\n1,c,1700000000,x,tea\n1,c,1700000000,y,milk\n")
    kind = events(group_by="order", items=["product"])
    with caplog.at_level(logging.INFO):
        facts = make_load(open_source(path), kind=kind).run().to_dict()
    assert facts["accepted"] == 2
    assert "Left out, as the header has no name for it: column 4" in caplog.messages
    (event,) = emulator.events()
    assert [item["product"] for item in event["data"]["Items"]] == ["tea", "milk"]


def test_a_load_with_another_option_does_not_resume(make: MakeLoad, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("identity,Name\n" + "".join(f"{number},A\n" for number in range(1, 3_001)))
    with pytest.raises(Broken):
        make(open_source(path), after=1, max_in_flight=1).run()
    with pytest.raises(CannotResumeError, match="the source changed"):
        make(open_source(CsvSource(path, comment="#"))).run()
    assert make(open_source(path)).run().to_dict()["resumed_from_row"] > 1
