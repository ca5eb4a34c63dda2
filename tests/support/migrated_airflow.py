"""Airflow databases that are ready: migrating one takes ten seconds, copying one takes none."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path


def migrate(home: Path, database: str) -> None:
    """Migrate an empty database, in an Airflow that has nothing else.

    :param home: an empty directory for that Airflow.
    :param database: the URL of the database.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    ours = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
    }
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=inherited | ours,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def migrated_database(shared: Path) -> Path:
    """Return a migrated SQLite database to copy from; whoever asks first makes it, the others wait.

    :param shared: a directory that all processes of this test run have, and those of no other.
    """
    made = shared / "migrated.db"
    with (shared / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            home = shared / "migrating"
            home.mkdir(exist_ok=True)
            migrate(home, f"sqlite:///{home}/airflow.db")
            (home / "airflow.db").rename(made)
    return made
