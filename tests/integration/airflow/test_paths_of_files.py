"""What a load writes is never what it reads, and no two loads write to one place."""

from __future__ import annotations

import csv
import logging
import os
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.task_runtime.artifact_paths import artifacts_mode, distinct_path
from airflow_provider_clevertap.task_runtime.path_claims import claim_path

COLUMNS = {"id": "identity", "email": "Email"}
GOOD, BAD = ("c-1", "somebody@example.com"), ("c-2", "no address")


def write(path: Path, *rows: tuple[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("id", "email"), *rows])
    return path


def read(path: Any) -> list[dict[str, str]]:
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def load(connection: str) -> Any:
    def load(source: Any, **options: Any) -> dict[str, Any]:
        return CleverTapHook().upload_profiles(source, **{"columns": COLUMNS, "max_rejects": "100%", **options})

    return load


@pytest.mark.parametrize("option", ["rejects_path", "report_path"])
@pytest.mark.parametrize("dry_run", [None, "local"])
@pytest.mark.parametrize("named", ["itself", "through a link", "by another path", "as a hard link", "as a URI"])
def test_a_load_does_not_write_over_its_own_source(
    option: str, dry_run: str | None, named: str, load: Any, emulator: Any, tmp_path: Path
) -> None:
    source = write(tmp_path / "people.csv", GOOD, BAD)
    (tmp_path / "below").mkdir()
    place: Any = {
        "itself": source,
        "through a link": tmp_path / "link.csv",
        "by another path": f"{tmp_path}/below/../people.csv",
        "as a hard link": tmp_path / "hard.csv",
        "as a URI": f"file://{source}",
    }[named]
    if named == "through a link":
        place.symlink_to(source)
    if named == "as a hard link":
        os.link(source, place)
    before = source.read_bytes()
    with pytest.raises(ConfigurationError, match=f"{option} is .*this load reads that file.*Set another {option}"):
        load(str(source), dry_run=dry_run, **{option: str(place)})
    assert source.read_bytes() == before
    assert not emulator.requests()


def test_the_same_key_in_another_storage_is_found(load: Any) -> None:
    import fsspec

    with fsspec.open("memory://bucket/people.csv", "w") as stream:
        stream.write("id,email\nc-1,no address\n")
    with pytest.raises(ConfigurationError, match="this load reads that file"):
        load("memory://bucket/*.csv", rejects_path="memory://bucket/people.csv")
    assert load("memory://bucket/*.csv", rejects_path="memory://bucket/rejects.csv")["invalid"] == 1


def test_two_files_of_a_load_are_not_one(load: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="report_path and rejects_path are the same file"):
        load(str(write(tmp_path / "a.csv", BAD)), rejects_path=tmp_path / "x.csv", report_path=tmp_path / "x.csv")


def test_rejects_beside_the_source_are_left_out_of_it(
    load: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "a.csv", GOOD, BAD)
    arguments = {"source": f"{tmp_path}/*.csv", "rejects_path": f"{tmp_path}/rejects.csv"}
    for _ in range(2):
        summary = load(**arguments)
        assert (summary["rows"], summary["invalid"], summary["rejects_rows"]) == (2, 1, 1)
        assert [row["id"] for row in read(tmp_path / "rejects.csv")] == ["c-2"]
    with caplog.at_level(logging.INFO):
        opened: Any = open_source(arguments["source"])
        opened.exclude_outputs({"rejects_path": arguments["rejects_path"]}, logging.getLogger("load"))
    assert "rejects.csv is this load's own rejects file: it is left out of the source" in caplog.text
    (tmp_path / "a.csv").unlink()
    with pytest.raises(SourceError, match="the only file is a rejects file of an earlier load"):
        load(**arguments)
    assert read(tmp_path / "rejects.csv")


def test_somebody_elses_file_beside_the_source_is_not_written_over(load: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.csv", BAD)
    write(tmp_path / "rejects.csv", GOOD)
    with pytest.raises(ConfigurationError, match="this load reads that file"):
        load(f"{tmp_path}/*.csv", rejects_path=f"{tmp_path}/rejects.csv")
    assert [row["id"] for row in read(tmp_path / "rejects.csv")] == ["c-1"]


def test_what_is_there_stays_until_a_load_has_come_to_its_end(load: Any, emulator: Any, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    load(str(write(tmp_path / "a.csv", BAD)), rejects_path=rejects)
    with pytest.raises(SourceError):
        load(str(tmp_path / "missing.csv"), rejects_path=rejects)
    assert read(rejects)
    emulator.inject({"do": "status", "status": 401})
    with pytest.raises(Exception, match="401"):
        load(str(write(tmp_path / "a.csv", GOOD)), rejects_path=rejects)
    assert read(rejects)
    emulator.clear_faults()
    assert load(str(tmp_path / "a.csv"), rejects_path=rejects)["rejects_path"] is None
    assert not rejects.exists()


@pytest.mark.parametrize(("setting", "file", "folder"), [(None, 0o600, 0o700), ("640", 0o640, 0o750)])
def test_files_with_peoples_data_are_private(
    setting: str | None, file: int, folder: int, run_dag: Any, connection: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if setting is not None:
        monkeypatch.setenv("AIRFLOW__CLEVERTAP__ARTIFACTS_MODE", setting)
    before = os.umask(0)
    try:
        loads(run_dag, tmp_path, [write(tmp_path / "a.csv", BAD)])
    finally:
        os.umask(before)
    left = list((tmp_path / "left").rglob("*"))
    assert {path.name for path in left if path.is_file()} >= {"rejects.csv", "report.json"}
    assert {path.stat().st_mode & 0o777 for path in left if path.is_file()} == {file}
    assert {path.stat().st_mode & 0o777 for path in [*left, tmp_path / "left"] if path.is_dir()} == {folder}


def test_a_mode_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("rw", "777", "060", "0o6000"):
        monkeypatch.setenv("AIRFLOW__CLEVERTAP__ARTIFACTS_MODE", wrong)
        with pytest.raises(ConfigurationError, match="artifacts_mode"):
            artifacts_mode()


def loads(run_dag: Any, tmp_path: Path, sources: list[Path], *, mend: bool = False, **options: Any) -> Any:
    """Load files one after the other in one task."""
    from airflow.providers.common.compat.sdk import DAG, task

    with DAG(f"places_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:

        @task
        def load_all() -> list[dict[str, Any]]:
            hook, summaries = CleverTapHook(), []
            common = {"columns": COLUMNS, "max_rejects": "100%", "artifacts_path": str(tmp_path / "left"), **options}
            for source in sources:
                summaries.append(hook.upload_profiles(str(source), **common))
            if mend:
                rejects = Path(summaries[0]["rejects_path"])
                rejects.write_text(rejects.read_text().replace("no address", "mended@example.com"))
                summaries.append(hook.upload_profiles(str(rejects), **common))
            return summaries

        load_all()
    return run_dag(dag)


def test_each_load_of_a_task_has_files_of_its_own(run_dag: Any, returned: Any, connection: str, tmp_path: Path) -> None:
    sources = [write(tmp_path / f"{name}.csv", (name, "no address")) for name in ("a", "b", "c")]
    summaries = returned(loads(run_dag, tmp_path, sources), "load_all")
    assert [[row["id"] for row in read(summary["rejects_path"])] for summary in summaries] == [["a"], ["b"], ["c"]]
    assert len({summary["report_path"] for summary in summaries}) == 3


def test_with_a_path_of_the_users_too(run_dag: Any, returned: Any, connection: str, tmp_path: Path) -> None:
    sources = [write(tmp_path / f"{name}.csv", (name, "no address")) for name in ("a", "b")]
    place = str(tmp_path / "mine" / "rejects.csv")
    summaries = returned(loads(run_dag, tmp_path, sources, rejects_path=place), "load_all")
    assert [Path(summary["rejects_path"]).name for summary in summaries] == ["rejects.csv", "rejects_2.csv"]
    assert [[row["id"] for row in read(summary["rejects_path"])] for summary in summaries] == [["a"], ["b"]]


def test_a_rejects_file_mended_in_its_place_is_loaded(
    run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    dag_run = loads(run_dag, tmp_path, [write(tmp_path / "a.csv", GOOD, BAD)], mend=True)
    first, second = returned(dag_run, "load_all")
    assert (first["invalid"], second["accepted"], second["invalid"]) == (1, 1, 0)
    assert emulator.profile("c-2")["data"]["Email"] == "mended@example.com"
    assert Path(first["rejects_path"]).exists()


def test_mapped_tasks_with_one_path_do_not_share_it(
    run_dag: Any, returned: Any, connection: str, tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    sources = [str(write(tmp_path / f"{number}.csv", (f"c-{number}", "no address"))) for number in range(3)]
    with DAG(f"mapped_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        CleverTapUploadProfilesOperator.partial(
            task_id="load",
            columns=COLUMNS,
            max_rejects="100%",
            rejects_path=str(tmp_path / "rejects.csv"),
            artifacts_path=str(tmp_path / "left"),
        ).expand(source=sources)
    run_dag(dag)
    assert sorted(path.name for path in tmp_path.glob("rejects*")) == [f"rejects-{number}.csv" for number in range(3)]
    assert [read(tmp_path / f"rejects-{n}.csv")[0]["id"] for n in range(3)] == ["c-0", "c-1", "c-2"]


def test_two_tasks_with_one_path_do_not_share_it(run_dag: Any, returned: Any, connection: str, tmp_path: Path) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    common = {"columns": COLUMNS, "max_rejects": "100%", "artifacts_path": str(tmp_path / "left")}
    with DAG(f"two_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        tasks = [
            CleverTapUploadProfilesOperator(
                task_id=name,
                source=str(write(tmp_path / f"{name}.csv", (name, "no address"))),
                rejects_path=str(tmp_path / "rejects.csv"),
                **common,
            )
            for name in ("first", "second")
        ]
        tasks[0] >> tasks[1]
    for _ in range(2):  # each run replaces the files of the one before
        dag_run = run_dag(dag)
        found = [read(returned(dag_run, name)["rejects_path"])[0]["id"] for name in ("first", "second")]
        assert found == ["first", "second"]
        assert sorted(path.name for path in tmp_path.glob("rejects*")) == ["rejects-second.csv", "rejects.csv"]


@pytest.mark.parametrize(
    ("place", "index", "suffix", "made"),
    [
        ("out/rejects.csv", -1, "", "out/rejects.csv"),
        ("out/rejects.csv", -1, "_2", "out/rejects_2.csv"),
        ("out/rejects.csv", 3, "", "out/rejects-3.csv"),
        ("out/rejects.csv", 3, "_2", "out/rejects-3_2.csv"),
        ("out/rejects-3.csv", 3, "", "out/rejects-3.csv"),
        ("out/rejects-13.csv", 3, "", "out/rejects-13-3.csv"),
        ("out/3/rejects.csv", 3, "", "out/3/rejects.csv"),
        ("2026/11/25/rejects-11.csv", 25, "", "2026/11/25/rejects-11-25.csv"),
        ("s3://bucket/rejects", 0, "", "s3://bucket/rejects-0"),
        ("rejects.tar.csv", 0, "", "rejects-0.tar.csv"),
    ],
)
def test_paths_of_loads_are_distinct(place: str, index: int, suffix: str, made: str) -> None:
    context = {"ti": SimpleNamespace(map_index=index)}
    assert distinct_path(place, context, suffix) == made
    assert distinct_path(Path(place), context, suffix) == Path(made)


def test_a_note_that_cannot_be_written_fails_no_load(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    context = {"ti": SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1)}
    place = claim_path("out/rejects.csv", tmp_path / "file", context, "", mode=0o600, log=logging.getLogger("load"))
    assert place == "out/rejects.csv"
    assert "Cannot record that this load writes to out/rejects.csv" in caplog.text
