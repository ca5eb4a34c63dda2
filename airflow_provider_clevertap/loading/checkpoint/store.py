"""The interface of the storage in which a checkpoint is kept."""

from __future__ import annotations

from typing import Any, Protocol

from airflow_provider_clevertap.loading.checkpoint.task_attempt import TaskAttempt


class CheckpointStore(Protocol):
    """Storage for the checkpoint of one load. A write is durable when it returns, and all of it is written or nothing.

    The latest attempt owns the checkpoint: when Airflow has lost contact with a task it starts the next attempt, and
    the attempt before may still run. Either :meth:`load` returns what an earlier attempt saves, or its :meth:`save`
    must fail.
    """

    #: the location, for messages
    name: str
    #: the attempt that works on the load now
    attempt: TaskAttempt

    def load(self) -> object | None:
        """Return the state that was saved last, ``None`` when there is none, and take the checkpoint over."""

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state.

        :raises SupersededError: when a later attempt has taken the checkpoint over; this one must not send anything.
        """

    def save_last(self, state: dict[str, Any]) -> None:
        """Replace the state at the end of the load; if :meth:`save` fails, store it where the next attempt finds it.

        :raises SupersededError: when a later attempt has begun.
        """

    def read_part(self, name: str) -> str | None:
        """Return a part of the unaccepted rows, ``None`` when there is none."""

    def write_part(self, name: str, text: str) -> None:
        """Write or replace a part of the unaccepted rows."""
