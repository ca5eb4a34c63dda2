"""CSV files with malformed rows: the rest is loaded, and the rejects file shows what was in these rows."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.sources.open import open_source
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
