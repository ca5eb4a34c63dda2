"""Claim paths given by users, so that two tasks with the same ``rejects_path`` do not overwrite each other's file.

Default paths differ from task to task. A path given by a user is often a constant, and two tasks of a run may have the
same one. A claim file below the artifacts directory records which load used a path last; its name is the path's hash.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_clevertap.exceptions import CleverTapError, escape_unprintable
from airflow_provider_clevertap.locations import join_path, last_name, with_last_name
from airflow_provider_clevertap.storage.file_identity import location_key
from airflow_provider_clevertap.storage.files import AtomicFile
from airflow_provider_clevertap.task_runtime.artifact_paths import file_name

#: Seconds for which a path belongs to the load that used it last, when another run asks for it.
CLAIM_SECONDS: Final = 3600.0


def claim_path(path: Any, base: Any, context: Mapping[str, Any], suffix: str, *, mode: int, log: logging.Logger) -> Any:
    """Return the path, or one next to it when the path belongs to another load that is running or has just ended.

    The same task in a later run gets the same path. Another task of the same run never does, and a task of another run
    does not within an hour: the task's id is then added to the file's name.

    :param path: a path, a URI or a path object, distinct from those of other loads of the same task already.
    :param base: the artifacts directory.
    :param context: the context of the running task.
    :param suffix: the suffix of the load, see ``load_suffix``.
    :param mode: the mode of the claim file.
    :param log: for a warning when the path is changed, or when the claim cannot be saved, which fails no load.
    """
    task = context["ti"]
    owner = [task.dag_id, task.task_id, getattr(task, "map_index", -1), suffix]
    try:
        return _claim(path, base, owner, [task.dag_id, task.run_id], mode=mode, log=log)
    except CleverTapError as error:
        log.warning("Cannot record that this load writes to %s: %s", escape_unprintable(str(path)), error)
        return path


def _claim(path: Any, base: Any, owner: list[Any], run: list[str], *, mode: int, log: logging.Logger) -> Any:
    claim_file = _ClaimFile(base, path, mode)
    claim = claim_file.read()
    if claim is not None and claim["owner"] != owner:
        same_run = claim["run"] == run
        if same_run or 0 <= time.time() - claim["at"] < CLAIM_SECONDS:
            dag_id, task_id = claim["owner"][:2]
            new_path = _with_added_name(path, file_name(owner[1]))
            log.warning(
                "%s is used by task %s of DAG %s, so this task writes to %s",
                escape_unprintable(str(path)),
                task_id,
                dag_id,
                escape_unprintable(str(new_path)),
            )
            path = new_path
            claim_file = _ClaimFile(base, path, mode)
    claim_file.write({"owner": owner, "run": run, "at": int(time.time())})
    return path


class _ClaimFile:
    """File that records which load used a path last, and when."""

    def __init__(self, base: Any, path: Any, mode: int) -> None:
        name = hashlib.sha256(location_key(path).encode()).hexdigest()[:32]
        self._file = AtomicFile(join_path(base, "claims", f"{name}.json"), mode)

    def read(self) -> dict[str, Any] | None:
        if not self._file.exists():
            return None
        with self._file.read() as stream:
            text = stream.read()
        try:
            claim = json.loads(text)
        except ValueError:
            return None
        return claim if isinstance(claim, dict) and {"owner", "run", "at"} <= claim.keys() else None

    def write(self, claim: dict[str, Any]) -> None:
        self._file.write_text(json.dumps(claim))


def _with_added_name(path: Any, addition: str) -> Any:
    stem, dot, extension = last_name(path).partition(".")
    return with_last_name(path, f"{stem}-{addition}{dot}{extension}")
