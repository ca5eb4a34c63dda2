"""What an account remembers of the calls that take several requests, and what answers need."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from airflow_provider_clevertap.emulator.export.cloud.exports import CloudExports
from airflow_provider_clevertap.emulator.export.counting.pending import PendingResults
from airflow_provider_clevertap.emulator.export.paging.pages import PageReader
from airflow_provider_clevertap.emulator.export.paging.walks import Walks
from airflow_provider_clevertap.emulator.settings import Settings


class ExportState:
    """The exports and counts that are under way. Used in the database's thread only.

    :param connection: the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.walks = Walks()
        self.pages = PageReader(connection)
        self.pending = PendingResults()
        self.cloud = CloudExports()

    def clear(self) -> None:
        """Forget everything, with what is stored."""
        self.walks.clear()
        self.pages.forget()
        self.pending.clear()
        self.cloud.clear()


class Moment(NamedTuple):
    """What an answer is made from.

    :param connection: the database.
    :param now: UNIX seconds.
    """

    connection: sqlite3.Connection
    state: ExportState
    settings: Settings
    now: float
