"""Values of typed sources and of spreadsheets reach CleverTap as what they mean, or make their row invalid."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.record_kinds import PROFILES, events
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.broken_loads import MakeLoad
from tests.support.outcomes_of_rows import rejects

MakeAnyLoad = Callable[..., Load]
#: 15 January 2027, 08:00 UTC.
NOW = 1_800_000_000


def data(emulator: RunningEmulator, identity: str) -> Any:
    return emulator.profile(identity)["data"]


@pytest.mark.parametrize("form", ["parquet", "Arrow", "pandas"])
def test_values_of_typed_sources(form: str, make_load: MakeAnyLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    table = pa.table(
        {
            "ID": pa.array([Decimal(1), Decimal(2)], pa.decimal128(38, 0)),
            "PHONE": pa.array([Decimal(919812345678), None], pa.decimal128(20, 0)),
            "EMPLOYED": pa.array([Decimal(1), Decimal(0)], pa.decimal128(1, 0)),
            "JOINED": pa.array([20260321, 20260322]),
            "SEEN": pa.array([1774051200000000, None]),
            "SCORE": pa.array(np.array([0.1, 16777216], np.float32)),
            "RATE": pa.array(np.array([0.1, 0.5], np.float16)),
        }
    )
    source: Any = table
    if form == "parquet":
        source = tmp_path / "people.parquet"
        parquet.write_table(table, source)
    elif form == "pandas":
        source = table.to_pandas()
    columns = {
        "ID": "identity",
        "JOINED": Column(format="yyyyMMdd"),
        "SEEN": Column(format="epoch_us"),
    }
    summary = make_load(open_source(source), columns=columns, default_country="IN").run()
    assert summary.accepted == 2
    assert data(emulator, "1") == {
        "Phone": "+919812345678", "Employed": "Y", "JOINED": "$D_1774051200", "SEEN": "$D_1774051200", "SCORE": 0.1,
        "RATE": 0.1,
    }  # fmt: skip
    assert data(emulator, "2") == {"Employed": "N", "JOINED": "$D_1774137600", "SCORE": 16777216, "RATE": 0.5}


def test_birthdays_are_in_the_past_of_the_load(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = [
        {"identity": "a", "born": "21.03.45"},
        {"identity": "b", "born": "21.03.20"},
        {"identity": "c", "born": "2045-03-21"},
        {"identity": "d", "born": "2027-01-16"},
    ]
    columns = {"born": Column("DOB", format=["%d.%m.%y", "yyyy-MM-dd"])}
    kind = PROFILES.with_start_time(NOW)
    summary = make(rows, kind=kind, columns=columns, max_rejects=1).run()
    assert (summary.accepted, summary.invalid) == (3, 1)
    assert data(emulator, "a") == {"DOB": "$D_-782092800"}
    assert data(emulator, "b") == {"DOB": "$D_1584748800"}
    assert data(emulator, "d") == {"DOB": "$D_1800057600"}
    assert "cannot be in the future" in rejects(tmp_path / "rejects.csv")[3]["clevertap_reason"]


def test_birthdays_of_profile_updates_are_in_the_past_as_well(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = [{"identity": "a", "born": "21.03.45"}, {"identity": "b", "born": "21.03.2045"}]
    kind = events(event_name="Viewed", timestamp="now").with_start_time(NOW)
    born = {"born": Column("DOB", format=["%d.%m.%y", "dd.MM.yyyy"])}
    summary = make(rows, kind=kind, profile_columns=born, max_rejects=1).run()
    assert (summary.accepted, summary.invalid) == (1, 1)
    assert data(emulator, "a") == {"DOB": "$D_-782092800"}


def test_cells_that_look_empty_and_words_that_identify_nobody(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = [
        {"identity": "a", "Name": "\u00a0\u200b", "Email": "\u200ba@example.com"},
        {"identity": "\u3000", "Name": "\ufeff", "Email": "\u00ad"},
        {"identity": "(null)", "Name": "B", "Email": None},
        {"identity": "9.19812E+11", "Name": "C", "Email": None},
        {"identity": "NaT", "Name": "D", "Email": None},
    ]
    columns = {"identity": {"name": "identity", "allowed_identities": ["NaT"]}}
    summary = make(rows, columns=columns, max_rejects=2).run()
    assert (summary.accepted, summary.skipped, summary.invalid) == (2, 1, 2)
    assert data(emulator, "a") == {"Email": "a@example.com"}
    assert data(emulator, "NaT") == {"Name": "D"}


def test_phones_that_a_program_wrote_as_floats(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    path = tmp_path / "phones.csv"
    frame = pd.DataFrame({"identity": ["a", "b", "c", "d"], "Phone": [9812345678, 919812345678, None, 91981234567]})
    frame.to_csv(path, index=False)
    assert "9812345678.0" in path.read_text(encoding="utf-8")
    summary = make(open_source(path), default_country="IN", max_rejects=1).run()
    assert (summary.accepted, summary.invalid) == (3, 1)
    assert [data(emulator, name) for name in "abc"] == [{"Phone": "+919812345678"}, {"Phone": "+919812345678"}, {}]
