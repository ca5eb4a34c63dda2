"""Where a task's checkpoint is kept: Airflow's own task state store from 3.3 on, else beside the rejects file."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.exceptions import SupersededError
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore, superseded
from airflow_provider_clevertap.loading.storage.private_files import PRIVATE
from airflow_provider_clevertap.locations import join_path

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
    from airflow_provider_clevertap.loading.record_kinds import RecordKind
    from airflow_provider_clevertap.loading.rows.block import Source

#: Under this key, in the UI too, Airflow's store has the state; a second load of the same task has another number.
_KEY = "clevertap_load"
#: Each state in Airflow's store has a name of its own; one in a file names the one it follows.
_SAVED_AS, _FOLLOWS = "saved_as", "follows"

#: What Airflow's API server answers to a try that is not the latest one: not found, or gone.
_UNKNOWN_TRY = (404, 410)

_begun: Counter[tuple[Any, ...]] = Counter()
_counting = threading.Lock()


class TaskStateStore(FileCheckpointStore):
    """Keeps the state in Airflow's task state store, and only what CleverTap refused as files.

    When a person clears a task that is running, Airflow takes nothing more from it, and then asks it to stop. What the
    load has settled meanwhile is then kept as a file, which counts for as long as it follows from what Airflow has.

    :param accessor: ``context["task_state_store"]``.
    :param key: the key of the state.
    :param directory: where the refusals go.
    :param series: see ``CheckpointStore``.
    :param mode: see ``FileCheckpointStore``.
    """

    def __init__(self, accessor: Any, key: str, directory: Any, *, series: str, mode: int = PRIVATE) -> None:
        super().__init__(directory, series=series, mode=mode)
        self._accessor = accessor
        self._key = key
        self.name = f"key {key!r} of the task state store"
        self._saved_as: str | None = None

    def load(self) -> object | None:
        """Give the state that was saved last."""
        aside = super().load()  # before the other, so that no earlier try puts its state there from now on
        found: object | None = self._accessor.get(self._key)
        saved_as = found.get(_SAVED_AS) if isinstance(found, dict) else None
        follows = saved_as is not None and isinstance(aside, dict) and aside.get(_FOLLOWS) == saved_as
        return aside if follows else found

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state. Airflow takes it from the latest try alone: an earlier one it does not know any more."""
        saved_as = secrets.token_hex(4)
        try:
            self._accessor.set(self._key, {**state, _SAVED_AS: saved_as})
        except Exception as error:
            answer = getattr(getattr(error, "error", None), "detail", None) or {}
            if answer.get("status_code") in _UNKNOWN_TRY:
                raise SupersededError(superseded(self.name)) from None
            raise
        self._saved_as = saved_as

    def save_last(self, state: dict[str, Any]) -> None:
        """Replace the state as the load ends, in a file if Airflow takes it no more."""
        try:
            self.save(state)
        except Exception:
            super().save({**state, _FOLLOWS: self._saved_as})


def load_suffix(context: Mapping[str, Any], known_by: str = "") -> str:
    """Return what tells the files of a load from those of others in the same attempt of a task; empty for the first.

    To be asked once for each load. A function may load several sources in one task. Each load has places of its own, by
    its number: a later attempt that makes the same loads in the same order finds each one's. Loads in threads have no
    order, so that these are told apart by what they are, and only those alike in that by their number.

    :param context: the running task's context.
    :param known_by: what the load is, see :func:`known_by`; nothing when it is known by its number alone.
    """
    number = _number_of(context["ti"], known_by)
    return (f"_{known_by}" if known_by else "") + ("" if number == 1 else f"_{number}")


def checkpoint_store(
    context: Mapping[str, Any], directory: Any, suffix: str = "", mode: int = PRIVATE
) -> CheckpointStore:
    """Give the place for the checkpoint of a load.

    :param context: the running task's context.
    :param directory: the task's own, see ``task_directory``.
    :param suffix: of this load, see ``load_suffix``.
    :param mode: who may read its files.
    """
    task = context["ti"]
    # Airflow raises it when a person clears the task, and leaves it as it is when it tries again by itself.
    series = str(getattr(task, "max_tries", ""))
    place = join_path(directory, f"checkpoint{suffix}")
    accessor = context.get("task_state_store")
    if accessor is None:
        return FileCheckpointStore(place, series=series, mode=mode)
    return TaskStateStore(accessor, f"{_KEY}{suffix}", place, series=series, mode=mode)


def known_by(kind: RecordKind, conn_id: str, source: Source) -> str:
    """Give a short text for what a load is, the same one in a later try.

    The kind of record, the connection and the source: files by their names, so that a file that has changed is still
    that load's, and refused; frames and queries by what they hold and ask for.

    :raises SourceError: when a frame cannot be used.
    """
    from airflow_provider_clevertap.loading.checkpoint.fingerprint import hashed
    from airflow_provider_clevertap.loading.sources.files.source import FilesSource

    of = source.location_name if isinstance(source, FilesSource) else (source.name, source.fingerprint())
    return hashed(kind.name, kind.with_start_time(0).constants, conn_id, of)[:8]


def _number_of(task: Any, known_by: str) -> int:
    """Count the loads of one try of a task, or those of them that are alike."""
    names = ("dag_id", "run_id", "task_id", "map_index", "try_number")
    attempt = (*(getattr(task, name, None) for name in names), known_by)
    with _counting:
        _begun[attempt] += 1
        return _begun[attempt]
