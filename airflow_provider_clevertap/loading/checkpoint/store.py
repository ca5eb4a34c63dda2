"""What the checkpoint needs of the place where it is kept."""

from __future__ import annotations

from typing import Any, Protocol


class CheckpointStore(Protocol):
    """Where the checkpoint of one load is kept. A write is durable once it returns, and whole or not there.

    It is the latest try's: Airflow starts the next try of a task it has lost sight of, and the one before may still be
    at work. What an earlier try has saved must be seen by :meth:`load`, or its :meth:`save` must fail.
    """

    #: the place as a person would name it
    name: str
    #: the tries that Airflow makes by itself have one value; after a person has cleared the task it is another
    series: str

    def load(self) -> object | None:
        """Give the state that was saved last, ``None`` when there is none, and take the place over."""

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state.

        :raises SupersededError: when a later try has taken the place over; nothing may be sent by this one any more.
        """

    def save_last(self, state: dict[str, Any]) -> None:
        """Replace the state as the load ends; where :meth:`save` fails, put it where the next try looks as well.

        :raises SupersededError: when a later try has begun.
        """

    def read_part(self, name: str) -> str | None:
        """Give a part of the refusals, ``None`` when it is not there."""

    def write_part(self, name: str, text: str) -> None:
        """Write or replace a part of the refusals."""
