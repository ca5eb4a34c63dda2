"""Choose the store for a task's checkpoint: Airflow's task state store from 3.3 on, else files."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.exceptions import SupersededError
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore, superseded_message
from airflow_provider_clevertap.loading.checkpoint.task_attempt import TaskAttempt
from airflow_provider_clevertap.locations import join_path
from airflow_provider_clevertap.storage.private_files import PRIVATE
from airflow_provider_clevertap.task_runtime.artifact_paths import run_began

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
    from airflow_provider_clevertap.loading.record_kinds import RecordKind
    from airflow_provider_clevertap.loading.rows.block import Source

#: Key of the state in Airflow's store, also shown in the UI; a second load of the same task adds its number.
_KEY = "clevertap_load"
#: Each state in Airflow's store has a unique name; a state in a file has the names of those that it may continue.
_SAVED_AS, _FOLLOWS = "saved_as", "follows"

#: Status codes of Airflow's API server for an attempt that is not the latest one: not found, or gone.
_SUPERSEDED_STATUS_CODES = (404, 410)

_started_loads: Counter[tuple[Any, ...]] = Counter()
_counting_lock = threading.Lock()


class TaskStateStore(FileCheckpointStore):
    """Checkpoint store that saves the state in Airflow's task state store, and the rejected rows in files.

    When a user clears a running task, Airflow accepts no more states from it, and then stops it. The final state of
    that load is saved in a file. The file is valid as long as it continues the state that Airflow has.

    :param accessor: ``context["task_state_store"]``.
    :param key: the key of the state.
    :param directory: the directory of the files.
    :param attempt: see ``CheckpointStore``.
    :param mode: see ``FileCheckpointStore``.
    """

    def __init__(self, accessor: Any, key: str, directory: Any, *, attempt: TaskAttempt, mode: int = PRIVATE) -> None:
        super().__init__(directory, attempt=attempt, mode=mode)
        self._accessor = accessor
        self._key = key
        self.name = f"key {key!r} of the task state store"
        #: the name of the latest state that Airflow has for certain, and of later ones that it may have stored although
        #: it answered with an error
        self._saved_as: list[str] = []

    def load(self) -> object | None:
        """Return the state that was saved last."""
        in_file = super().load()  # read first: from then on no earlier attempt can save its state there
        in_airflow: object | None = self._accessor.get(self._key)
        saved_as = in_airflow.get(_SAVED_AS) if isinstance(in_airflow, dict) else None
        follows = saved_as is not None and isinstance(in_file, dict) and saved_as in (in_file.get(_FOLLOWS) or ())
        return in_file if follows else in_airflow

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state.

        :raises SupersededError: when a later attempt exists: Airflow accepts states from the latest one only.
        """
        saved_as = secrets.token_hex(4)
        self._saved_as.append(saved_as)
        try:
            self._accessor.set(self._key, {**state, _SAVED_AS: saved_as})
        except Exception as error:
            detail = getattr(getattr(error, "error", None), "detail", None) or {}
            if detail.get("status_code") in _SUPERSEDED_STATUS_CODES:
                raise SupersededError(superseded_message(self.name)) from None
            raise
        self._saved_as = [saved_as]

    def save_last(self, state: dict[str, Any]) -> None:
        """Replace the state when the load ends, in a file if Airflow accepts no more states."""
        try:
            self.save(state)
        except Exception:
            super().save({**state, _FOLLOWS: self._saved_as})


def load_suffix(context: Mapping[str, Any], identity: str = "") -> str:
    """Return the suffix in the file names of one load of a task; empty for the first load. Call it once for each load.

    A function may load several sources in one task. The loads are numbered, so that a later attempt, which makes the
    same loads in the same order, finds the files of each. Loads in threads have no fixed order: these are distinguished
    by their identity, and by number only where the identity is the same.

    :param context: the running task's context.
    :param identity: see :func:`load_identity`; empty when the number alone identifies the load.
    """
    number = _number_of(context["ti"], identity)
    return (f"_{identity}" if identity else "") + ("" if number == 1 else f"_{number}")


def checkpoint_store(
    context: Mapping[str, Any], directory: Any, suffix: str = "", mode: int = PRIVATE
) -> CheckpointStore:
    """Return the store for the checkpoint of a load.

    :param context: the running task's context.
    :param directory: the task's directory, see ``task_directory``.
    :param suffix: the suffix of the load, see ``load_suffix``.
    :param mode: the mode of its files.
    """
    attempt = _attempt(context)
    checkpoint_directory = join_path(directory, f"checkpoint{suffix}")
    accessor = context.get("task_state_store")
    if accessor is None:
        return FileCheckpointStore(checkpoint_directory, attempt=attempt, mode=mode)
    return TaskStateStore(accessor, f"{_KEY}{suffix}", checkpoint_directory, attempt=attempt, mode=mode)


def load_identity(kind: RecordKind, conn_id: str, source: Source) -> str:
    """Return a short text that identifies a load, and is the same in a later attempt.

    It is a hash of the kind of record, the connection and the source. Files count by name, so that a changed file still
    belongs to the same load, which then cannot be resumed. DataFrames and queries count by their content.

    :raises SourceError: when a DataFrame cannot be used.
    """
    from airflow_provider_clevertap.loading.checkpoint.fingerprint import hashed
    from airflow_provider_clevertap.loading.sources.files.source import FilesSource

    source_identity = source.location_name if isinstance(source, FilesSource) else (source.name, source.fingerprint())
    return hashed(kind.name, kind.with_start_time(0).constants, conn_id, source_identity)[:8]


def _attempt(context: Mapping[str, Any]) -> TaskAttempt:
    task = context["ti"]
    # Airflow increases max_tries when a user clears the task, but not when it retries the task automatically.
    series = str(getattr(task, "max_tries", ""))
    return TaskAttempt(series, int(getattr(task, "try_number", 0) or 0), run_began(context))


def _number_of(task: Any, identity: str) -> int:
    """Count a load, and return how many with this identity the current attempt of the task has started."""
    names = ("dag_id", "run_id", "task_id", "map_index", "try_number")
    attempt = (*(getattr(task, name, None) for name in names), identity)
    with _counting_lock:
        _started_loads[attempt] += 1
        return _started_loads[attempt]
