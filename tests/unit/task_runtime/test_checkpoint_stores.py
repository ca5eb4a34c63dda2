"""A checkpoint in Airflow's task state store survives that Airflow takes no more of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import SupersededError
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind, events
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.task_runtime.checkpoint_stores import checkpoint_store, load_identity, load_suffix


class Accessor:
    """Stand-in for Airflow's store of one task, which rejects states of a superseded attempt."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.refuses = False
        self.loses_answers = False

    def get(self, key: str) -> Any:
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        if self.refuses:
            raise RuntimeError("Task Instance not found")
        self.kept[key] = value
        if self.loses_answers:
            raise RuntimeError("Task Instance not found")  # of the request that Airflow's client has repeated


@pytest.fixture
def accessor() -> Accessor:
    return Accessor()


def store(accessor: Accessor, directory: Path, try_number: int = 1, load: str = "") -> Any:
    task = SimpleNamespace(
        dag_id="d", run_id=str(directory), task_id="t", map_index=-1, try_number=try_number, max_tries=0
    )
    context = {"ti": task, "task_state_store": accessor}
    return checkpoint_store(context, directory, load_suffix(context, load))


def load_of(source: Any, kind: RecordKind = PROFILES, conn_id: str = "c") -> str:
    return load_identity(kind, conn_id, open_source(source))


def settled(found: Any) -> Any:
    return found["settled"]


def test_the_last_state_is_kept_as_a_file_when_airflow_takes_it_no_more(accessor: Accessor, tmp_path: Path) -> None:
    first = store(accessor, tmp_path)
    assert first.load() is None
    first.save({"settled": 1})
    accessor.refuses = True
    with pytest.raises(RuntimeError):
        first.save({"settled": 2})  # a claim: what may be sent must be where every worker finds it
    first.save_last({"settled": 3})
    assert settled(store(accessor, tmp_path, 2).load()) == 3


@pytest.mark.parametrize("lost", [1, 3])
def test_the_last_state_counts_also_after_a_state_that_airflow_took_without_saying_so(
    accessor: Accessor, tmp_path: Path, lost: int
) -> None:
    first = store(accessor, tmp_path)
    first.load()
    first.save({"settled": 1})
    accessor.loses_answers = True
    for number in range(lost):
        with pytest.raises(RuntimeError):
            first.save({"settled": 2 + number})
    accessor.refuses = True
    first.save_last({"settled": 9})
    assert settled(store(accessor, tmp_path, 2).load()) == 9


def test_a_try_that_is_over_does_not_change_what_the_next_has_read(accessor: Accessor, tmp_path: Path) -> None:
    first, second = store(accessor, tmp_path), store(accessor, tmp_path, 2)
    first.load()
    first.save({"settled": 1})
    accessor.refuses = True
    assert settled(second.load()) == 1
    with pytest.raises(SupersededError):
        first.save_last({"settled": 3})
    assert settled(store(accessor, tmp_path, 3).load()) == 1


def test_a_file_of_long_ago_counts_no_more(accessor: Accessor, tmp_path: Path) -> None:
    first = store(accessor, tmp_path)
    first.load()
    first.save({"settled": 1})
    accessor.refuses = True
    first.save_last({"settled": 2})
    accessor.refuses = False
    second = store(accessor, tmp_path, 2)
    second.load()
    second.save({"settled": 1})  # the same words, but later ones
    second.save_last({"settled": 5})
    accessor.refuses = True
    assert settled(store(accessor, tmp_path, 3).load()) == 5
    accessor.kept.clear()  # a person has removed the checkpoint
    assert store(accessor, tmp_path, 5).load() is None


def test_loads_in_order_are_known_by_their_number(accessor: Accessor, tmp_path: Path) -> None:
    for _ in range(2):
        store(accessor, tmp_path).save({})
    assert list(accessor.kept) == ["clevertap_load", "clevertap_load_2"]


def test_loads_in_threads_are_known_by_what_they_are(accessor: Accessor, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("identity\n1\n")
    first = [load_of(str(tmp_path / "a.csv")), load_of(str(tmp_path / "b.csv"))]
    for number, load in enumerate(first):
        store(accessor, tmp_path, 1, load).save({"settled": number})
    (tmp_path / "a.csv").write_text("identity\n1\n2\n")  # it is still that load's, which then sees the change
    second = [load_of(str(tmp_path / "b.csv")), load_of(str(tmp_path / "a.csv"))]
    assert [settled(store(accessor, tmp_path, 2, load).load()) for load in second] == [1, 0]


def test_what_makes_a_load_another_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("identity\n1\n")
    pd = pytest.importorskip("pandas")
    frames = [pd.DataFrame({"identity": [text]}) for text in ("1", "2")]
    loads = [
        load_of(str(path)),
        load_of([str(path)], conn_id="other"),
        load_of(str(path), events(event_name="Viewed", timestamp="now")),
        load_of(str(path), events(event_name="Bought", timestamp="now")),
        load_of(frames[0]),
        load_of(frames[1]),
    ]
    assert len(set(loads)) == len(loads)
    assert load_of(pd.DataFrame({"identity": ["1"]})) == loads[4]


def test_a_file_that_comes_to_a_glob_is_a_change_of_that_load(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("identity\n1\n")
    before = load_of(str(tmp_path / "*.csv"))
    (tmp_path / "b.csv").write_text("identity\n2\n")
    assert load_of(str(tmp_path / "*.csv")) == before


def test_loads_alike_are_told_apart_by_their_number(accessor: Accessor, tmp_path: Path) -> None:
    for _ in range(2):
        store(accessor, tmp_path, load="same").save({})
    assert list(accessor.kept) == ["clevertap_load_same", "clevertap_load_same_2"]
