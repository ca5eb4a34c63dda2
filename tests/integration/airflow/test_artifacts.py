"""Where rejects files and reports go."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_clevertap.task_runtime.artifact_paths import resolve_storage, task_directory


def context(dag: str = "nightly", run: str = "manual__1", task: str = "load", map_index: int = -1) -> dict[str, Any]:
    return {"ti": SimpleNamespace(dag_id=dag, run_id=run, task_id=task, map_index=map_index)}


def test_default_is_in_airflow_home(airflow_home: Path) -> None:
    assert task_directory(context()) == airflow_home / "clevertap" / "nightly" / "manual__1" / "load"


def test_configuration_moves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CLEVERTAP__ARTIFACTS_PATH", "/var/loads")
    assert task_directory(context()) == Path("/var/loads/nightly/manual__1/load")


def test_the_task_moves_it_again() -> None:
    assert task_directory(context(), "/srv/loads/") == Path("/srv/loads/nightly/manual__1/load")


def test_mapped_tasks_have_a_directory_each() -> None:
    assert task_directory(context(map_index=0), "/srv").name == "0"
    assert task_directory(context(map_index=12), "/srv") == Path("/srv/nightly/manual__1/load/12")


def test_run_ids_become_file_names() -> None:
    run = task_directory(context(run="scheduled__2026-11-22T00:00:00+00:00"), "/srv").parent.name
    assert run == "scheduled__2026-11-22T00_00_00_00_00"


@pytest.mark.parametrize("run", ["../../etc", "..", ".", "a/b", "a\\b", "naïve run", "%2e%2e"])
def test_no_id_leaves_the_directory(run: str) -> None:
    directory = task_directory(context(run=run), "/srv")
    assert directory.parent.parent == Path("/srv/nightly")
    assert directory.parent.name.isascii() or run.startswith("na")
    assert ".." not in directory.parts
    assert Path(directory).resolve() == directory


def test_ids_that_look_alike_stay_apart() -> None:
    assert task_directory(context(run="a/b"), "/srv") != task_directory(context(run="a b"), "/srv")


@pytest.mark.parametrize("letter", ["a", "\u0434", "\u4eba", "\U0001f600", "/", "\udc80"])
def test_ids_of_any_length_become_names_a_file_system_takes(tmp_path: Path, letter: str) -> None:
    from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
    from airflow_provider_clevertap.storage.files import AtomicFile

    long = letter * 249
    directories = [
        task_directory(context(dag=dag, run=run, task=task), tmp_path)
        for dag, run, task in ((f"{long}1", "r", "t"), (f"{long}2", "r", "t"), ("d", long, "t"), ("d", "r", f"{long}1"))
    ]
    assert len(set(directories)) == 4
    for directory in directories:
        assert all(len(part.encode()) <= 143 for part in directory.parts)  # what an encrypted home leaves of 255
        store = FileCheckpointStore(directory / "checkpoint")
        assert store.load() is None
        store.save({})
        file = AtomicFile(directory / "rejects.csv")
        file.open().write("x")
        file.publish()
        assert (directory / "rejects.csv").read_text() == "x"


def test_short_ids_stay_as_they_are() -> None:
    name = "\u043d\u043e\u0447\u044c_2026"
    assert task_directory(context(task=name), "/srv").name == name


def test_uris_become_paths_that_know_airflow_connections(tmp_path: Path) -> None:
    path = resolve_storage(f"file://{tmp_path}/rows.csv")
    (tmp_path / "rows.csv").write_bytes(b"identity\n1\n")
    with path.open("rb") as file:
        assert file.read() == b"identity\n1\n"
    assert [str(each) for each in resolve_storage(["a.csv", f"file://{tmp_path}/b.csv"])] == [
        "a.csv",
        f"file://{tmp_path}/b.csv",
    ]


def test_plain_paths_and_objects_stay_what_they_are() -> None:
    something = object()
    assert resolve_storage("/data/rows.csv") == "/data/rows.csv"
    assert resolve_storage(something) is something


def test_artifacts_may_go_to_a_uri(tmp_path: Path) -> None:
    directory = task_directory(context(), f"file://{tmp_path}")
    assert str(directory / "rejects.csv").endswith(f"{tmp_path}/nightly/manual__1/load/rejects.csv")
