"""Where a location leads on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.locations import local_path
from airflow_provider_clevertap.storage.directory import Directory
from airflow_provider_clevertap.storage.private_files import PRIVATE


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/data/a.csv", "/data/a.csv"),
        ("a/b.csv", "a/b.csv"),
        ("file:///data/a.csv", "/data/a.csv"),
        ("~/a.csv", "/home/of/user/a.csv"),
        (Path("~/a.csv"), "/home/of/user/a.csv"),
        ("a/~/b.csv", "a/~/b.csv"),
        ("~backup/a.csv", "~backup/a.csv"),
        ("s3://bucket/a.csv", None),
    ],
)
def test_paths_of_this_machine(monkeypatch: pytest.MonkeyPatch, location: Any, path: str | None) -> None:
    monkeypatch.setenv("HOME", "/home/of/user")
    assert local_path(location) == (None if path is None else Path(path))


def test_the_home_of_the_user_is_the_same_for_what_is_read_and_what_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Directory("~/out", mode=PRIVATE).write("people.csv", "id\na\n")
    assert (tmp_path / "out" / "people.csv").read_text() == "id\na\n"
    assert open_source("~/out/*.csv").fingerprint() == open_source(str(tmp_path / "out" / "people.csv")).fingerprint()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
