"""Migrated Airflow databases to copy from: migrating takes ten seconds, copying almost none."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path


def migrate(home: Path, database: str) -> None:
    """Migrate an empty database, with a new Airflow home.

    :param home: an empty directory for that Airflow.
    :param database: the URL of the database.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
    }
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=inherited | own,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def migrated_database(shared: Path) -> Path:
    """Return a migrated SQLite database to copy from. The first process makes it, the others wait for it.

    :param shared: a directory shared by the processes of this test run only.
    """
    database = shared / "migrated.db"
    with (shared / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            home = shared / "migrating"
            home.mkdir(exist_ok=True)
            migrate(home, f"sqlite:///{home}/airflow.db")
            (home / "airflow.db").rename(database)
    return database
