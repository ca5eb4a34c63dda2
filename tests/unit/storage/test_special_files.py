"""Locations at which there is something that is no file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.storage.files import AtomicFile


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match=r"pipe cannot be written: it is a device, a pipe or a socket"):
        AtomicFile(tmp_path / "pipe").prepare()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    with pytest.raises(ConfigurationError, match=r"/dev/null cannot be written"):
        AtomicFile("/dev/null").prepare()
