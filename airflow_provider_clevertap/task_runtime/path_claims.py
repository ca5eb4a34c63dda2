"""Who writes to a place that users have named: two tasks with one ``rejects_path`` must not lose each other's rows.

Default places are apart by their names. A place of the user's is a constant as often as not, and two tasks of a run may
have the same. Who has used a place last is noted below the artifacts directory, by the hash of the place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_clevertap.exceptions import CleverTapError, escape_unprintable
from airflow_provider_clevertap.loading.storage.file_identity import location_key
from airflow_provider_clevertap.loading.storage.files import AtomicFile
from airflow_provider_clevertap.locations import join_path
from airflow_provider_clevertap.task_runtime.artifact_paths import file_name

#: Seconds for which a place belongs to the load that has used it last, in another run than its own.
KEPT: Final = 3600.0


def claim_path(
    place: Any, base: Any, context: Mapping[str, Any], suffix: str, *, mode: int, log: logging.Logger
) -> Any:
    """Return the place, or one beside it when it belongs to another load that is running or has just ended.

    The same task in a later run takes its own place again. Another task of the same run never does, and one of another
    run does not within an hour: its name is then added to that of the file.

    :param place: a path, a URI or a path object, told apart from those of the same task already.
    :param base: the artifacts directory.
    :param context: the context of the running task.
    :param suffix: of the load, see ``load_suffix``.
    :param mode: of files.
    :param log: told when the place is another one, or when who writes to it cannot be noted, which fails no load.
    """
    task = context["ti"]
    owner = [task.dag_id, task.task_id, getattr(task, "map_index", -1), suffix]
    try:
        return _claimed(place, base, owner, [task.dag_id, task.run_id], mode=mode, log=log)
    except CleverTapError as error:
        log.warning("It is not noted that this load writes to %s: %s", escape_unprintable(str(place)), error)
        return place


def _claimed(place: Any, base: Any, owner: list[Any], run: list[str], *, mode: int, log: logging.Logger) -> Any:
    note = _Note(base, place, mode)
    found = note.read()
    if found is not None and found["owner"] != owner:
        same_run = found["run"] == run
        if same_run or 0 <= time.time() - found["at"] < KEPT:
            dag_id, task_id = found["owner"][:2]
            log.warning(
                "%s is the place of task %s of DAG %s: this file goes beside it",
                escape_unprintable(str(place)),
                task_id,
                dag_id,
            )
            place = _beside(place, file_name(owner[1]))
            note = _Note(base, place, mode)
    note.write({"owner": owner, "run": run, "at": int(time.time())})
    return place


class _Note:
    def __init__(self, base: Any, place: Any, mode: int) -> None:
        name = hashlib.sha256(location_key(place).encode()).hexdigest()[:32]
        self._file = AtomicFile(join_path(base, "places", f"{name}.json"), mode)

    def read(self) -> dict[str, Any] | None:
        if not self._file.exists():
            return None
        with self._file.read() as stream:
            text = stream.read()
        try:
            found = json.loads(text)
        except ValueError:
            return None
        return found if isinstance(found, dict) and {"owner", "run", "at"} <= found.keys() else None

    def write(self, found: dict[str, Any]) -> None:
        try:
            self._file.open().write(json.dumps(found))
            self._file.publish()
        finally:
            self._file.discard()


def _beside(place: Any, addition: str) -> Any:
    name = place.rpartition("/")[2] if isinstance(place, str) else place.name
    stem, dot, ending = name.partition(".")
    changed = f"{stem}-{addition}{dot}{ending}"
    return place.removesuffix(name) + changed if isinstance(place, str) else place.with_name(changed)
