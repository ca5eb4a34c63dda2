"""Small loads take their memory from the system's allocator, large ones from Arrow's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.memory_pool import SystemMemoryPool
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS, RowBlock
from airflow_provider_clevertap.loading.sources.files.source import FilesSource
from airflow_provider_clevertap.loading.sources.open import open_source


@pytest.fixture
def arrows_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have Arrow use an allocator of its own, as it does by default."""
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    before = pa.default_memory_pool()
    own = pa.mimalloc_memory_pool()
    pa.set_memory_pool(own)
    yield own.backend_name
    pa.set_memory_pool(before)


def test_the_allocator_of_before_is_back_at_the_end(arrows_own: str) -> None:
    memory = SystemMemoryPool()
    assert pa.default_memory_pool().backend_name == "system"
    memory.end()
    memory.end()
    assert pa.default_memory_pool().backend_name == arrows_own


def test_an_allocator_that_was_chosen_stays(arrows_own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", arrows_own)
    memory = SystemMemoryPool()
    assert pa.default_memory_pool().backend_name == arrows_own
    memory.end()


@pytest.mark.parametrize(("rows", "last"), [(3, "system"), (BLOCK_ROWS + 1, "mimalloc")])
def test_a_load_uses_the_systems_for_its_first_block(arrows_own: str, rows: int, last: str) -> None:
    used: list[str] = []

    def people() -> Iterator[Any]:
        for start in range(0, rows, BLOCK_ROWS):
            yield pa.table({"identity": [f"c{number}" for number in range(start, min(start + BLOCK_ROWS, rows))]})
        used.append(pa.default_memory_pool().backend_name)

    Load(PROFILES, open_source(people()), None, LoadOptions(dry_run="local")).run()
    assert used == [last]
    assert pa.default_memory_pool().backend_name == arrows_own


def test_a_load_of_a_large_file_uses_arrows_own_from_the_start(
    arrows_own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()
    blocks = FilesSource.blocks

    def watched(source: FilesSource) -> Iterator[RowBlock]:
        for block in blocks(source):
            used.add(pa.default_memory_pool().backend_name)
            yield block

    monkeypatch.setattr(FilesSource, "blocks", watched)
    note = "x" * 400
    (tmp_path / "people.csv").write_text("identity,note\n" + "".join(f"c{n},{note}\n" for n in range(45_000)))
    Load(PROFILES, open_source(tmp_path / "people.csv"), None, LoadOptions(dry_run="local")).run()
    assert used == {arrows_own}
