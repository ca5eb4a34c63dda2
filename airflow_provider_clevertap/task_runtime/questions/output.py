"""Where the rows of an answer go: into XCom, or into a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from airflow_provider_clevertap.arguments import read_location
from airflow_provider_clevertap.locations import location_name
from airflow_provider_clevertap.task_runtime.artifact_paths import (
    artifacts_mode,
    distinct_path,
    resolve_storage,
    running_task,
)


class AnswerFile:
    """The file for the rows of an answer, if there is one.

    :param output: the path or URI; ``None`` when the rows go into XCom.
    :param context: the running task's context. Each instance of a mapped task has a file of its own.
    """

    def __init__(self, output: Any, context: Mapping[str, Any] | None) -> None:
        self._given = output
        self._context = running_task(context)

    def prepare(self) -> None:
        """Check before anything is asked that the file can be written.

        :raises ConfigurationError: when it never can be.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._given is not None:
            from airflow_provider_clevertap.exporting.files.small_file import check_small_file
            from airflow_provider_clevertap.storage.files import AtomicFile

            location = self._location()
            check_small_file(location)
            AtomicFile(location, artifacts_mode()).prepare()

    def write(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Any:
        """Return the rows, or write them and return where they are and how many.

        :param rows: the rows.
        :param columns: the types of their columns; ``number`` is ``integer``, or ``float`` where a number is not whole.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._given is None:
            return [dict(row) for row in rows]
        from airflow_provider_clevertap.exporting.files.small_file import write_small_file

        location = self._location()
        typed = {name: _number_type(rows, name) if kind == "number" else kind for name, kind in columns.items()}
        read = [{name: _day(row[name]) if kind == "day" else row[name] for name, kind in typed.items()} for row in rows]
        write_small_file(location, read, typed, mode=artifacts_mode())
        return {"output": location_name(location), "rows": len(rows)}

    def _location(self) -> Any:
        return resolve_storage(distinct_path(read_location("output", self._given), self._context, ""))


def _number_type(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    return "float" if any(isinstance(row[name], float) for row in rows) else "integer"


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
