"""Files and directories of this machine that only those may read who are to: rows hold data of people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

#: The mode of files unless ``[clevertap] artifacts_mode`` of Airflow's configuration says otherwise.
PRIVATE: Final = 0o600


def open_new(path: Path | str, mode: int, *, replace: bool = False) -> int:
    """Open a file of this process's own for writing and reading, with exactly this mode; return its descriptor.

    :param replace: empty the file if it is there, instead of failing.
    :raises FileExistsError: when it is there.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL), mode)
    try:
        os.fchmod(file, mode)  # whatever the umask is
    except OSError:  # some network file systems know no modes
        if os.fstat(file).st_uid == os.geteuid() and os.fstat(file).st_mode & 0o077 & ~mode:
            os.close(file)
            raise
    return file


def make_directories(directory: Path, mode: int) -> None:
    """Make a directory and those above it that are not there; who may read files of this mode may enter them.

    Directories that are there already stay as they are.

    :param mode: of files.
    """
    missing = []
    while not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(mode | (mode & 0o444) >> 2)
