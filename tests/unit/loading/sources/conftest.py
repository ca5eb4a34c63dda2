from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sqlite_file import File


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Return a SQLite file that does not exist yet."""
    return File(tmp_path / "shop.db")
