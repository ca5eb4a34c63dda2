"""Which attempt of a task works on a load, as far as its checkpoint must know it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskAttempt:
    """One attempt of one task.

    :param series: the same for all retries that Airflow makes automatically; another value after a person has cleared
        the task.
    :param number: within a run, each attempt has a higher number than the one before. 0 when it is not known.
    :param run_began: when the run of the task began. Empty when it is not known.
    """

    series: str = ""
    number: int = 0
    run_began: str = ""

    def is_of_another_run_than(self, earlier: TaskAttempt, *, complete: bool) -> bool:
        """Return whether the earlier attempt belongs to a run that was deleted, and made again under the same id.

        A person who restarts a run changes when it began, but not that numbers increase. So of an interrupted load,
        whose events a mistake would duplicate, both must speak for another run. Of a complete one, one of them is
        enough: runs of ``airflow dags test`` that have the same id may also have the same beginning.

        :param earlier: the attempt that has left the checkpoint.
        :param complete: its load was complete.
        """
        if not self.number or not earlier.number:
            return False
        begins_again = self.number <= earlier.number
        began_at_another_time = self.run_began != earlier.run_began
        return begins_again or began_at_another_time if complete else begins_again and began_at_another_time
