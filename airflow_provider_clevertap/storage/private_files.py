"""Local files and directories with restricted permissions: rows hold personal data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

#: The mode of files unless ``[clevertap] artifacts_mode`` of Airflow's configuration sets another.
PRIVATE: Final = 0o600


def open_new(path: Path | str, mode: int, *, replace: bool = False) -> int:
    """Create a file owned by this process, with exactly this mode, and open it for writing and reading.

    :param replace: empty the file if it exists, instead of failing.
    :returns: the file descriptor.
    :raises FileExistsError: when the file exists and ``replace`` is not set.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL), mode)
    try:
        os.fchmod(file, mode)  # os.open applied the umask
    except OSError:  # some network file systems have no modes
        if os.fstat(file).st_uid == os.geteuid() and os.fstat(file).st_mode & 0o077 & ~mode:
            os.close(file)
            raise
    return file


def make_directories(directory: Path, mode: int) -> None:
    """Make a directory and its missing parents, which whoever may read files of this mode may enter.

    Existing directories keep their mode.

    :param mode: the mode of files; directories get the execute bit where it has the read bit.
    """
    missing = []
    while not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(mode | (mode & 0o444) >> 2)
