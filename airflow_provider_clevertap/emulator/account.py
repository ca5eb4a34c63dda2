"""The emulator itself: what it knows and how it answers, apart from HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import msgspec

from airflow_provider_clevertap.emulator.faults.registry import FaultRegistry
from airflow_provider_clevertap.emulator.faults.rules import FailRecords, ResponseFault
from airflow_provider_clevertap.emulator.http.concurrency import ConcurrencyCeiling
from airflow_provider_clevertap.emulator.settings import Credentials, Settings
from airflow_provider_clevertap.emulator.storage.database import IN_MEMORY, Database, RequestEntry
from airflow_provider_clevertap.emulator.storage.queries import PROFILE_KEYS, find_profile, totals
from airflow_provider_clevertap.emulator.validation.batch import (
    MALFORMED,
    BadRequestError,
    answer_of,
    records_of,
    validate_batch,
)

UPLOAD = "/1/upload"
PROFILE = "/1/profile.json"

JSON_TYPE = "application/json;charset=utf-8"

P = ParamSpec("P")
T = TypeVar("T")


class Reply(msgspec.Struct):
    """An answer before it goes on the wire."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: dict[str, str] = msgspec.field(default_factory=dict)


def json_reply(status: int, content: dict[str, Any]) -> Reply:
    """Return an answer with a JSON body."""
    return Reply(status, msgspec.json.encode(content))


def failure(status: int, error: str) -> Reply:
    """Return an error as CleverTap words it."""
    return json_reply(status, {"status": "fail", "error": error, "code": status})


class EmulatedAccount:
    """One account of a CleverTap that is not there.

    The store is used by one thread of its own, everything else by the event loop.

    :param credentials: the account.
    :param settings: limits and strictness to start with.
    :param database: a file, made when missing, or ``:memory:``.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        settings: Settings | None = None,
        database: str = IN_MEMORY,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.settings = settings or Settings()
        self.in_flight = ConcurrencyCeiling()
        self.faults = FaultRegistry()
        self.stopping = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clevertap-emulator-store")
        self._store = self._thread.submit(Database, database).result()
        self._last_request = self._thread.submit(self._store.last_request_id).result()

    def close(self) -> None:
        """Finish what is being stored and close the database."""
        self._thread.submit(self._store.close).result()
        self._thread.shutdown()

    async def in_store(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something in the store's thread, after everything asked for before it."""
        return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))

    async def listed(self, reader: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run one of the readers of :mod:`~airflow_provider_clevertap.emulator.storage.queries`."""
        return await self.in_store(reader, self._store.connection, *args, **kwargs)

    def new_entry(self, method: str, path: str) -> RequestEntry:
        """Return a line of the request log for a request that has just come."""
        self._last_request += 1
        return RequestEntry(id=self._last_request, received_at=time.time(), method=method, path=path)

    async def log(self, entry: RequestEntry) -> None:
        """Add a line to the request log."""
        await self.in_store(self._store.log, entry)

    async def stats(self) -> dict[str, Any]:
        """Return the totals, and how many requests are and were in flight."""
        return {
            **await self.listed(totals),
            "in_flight": self.in_flight.now(UPLOAD),
            "peak_in_flight": self.in_flight.peak(UPLOAD),
            "peak_in_flight_other": self.in_flight.peak(PROFILE),
        }

    async def reset(self) -> None:
        """Forget everything that has arrived, the peaks and the faults. Settings stay."""
        self.faults.clear()
        self.in_flight.forget_peaks()
        await self.in_store(self._store.reset)

    async def upload(self, entry: RequestEntry, body: bytes, ending: ResponseFault | None) -> Reply:
        """Answer ``POST /1/upload``.

        :param entry: the request's line in the log, filled in here.
        :param ending: the fault that struck: it may refuse records or keep them from being stored.
        """
        return await self.in_store(self._upload, entry, body, ending)

    def _upload(self, entry: RequestEntry, body: bytes, ending: ResponseFault | None) -> Reply:
        settings = self.settings
        now = time.time()
        try:
            records = records_of(body)
        except BadRequestError as error:
            entry.result = str(error)
            return failure(400, entry.result)
        interfere = ending.hits if isinstance(ending, FailRecords) else None
        verdicts = validate_batch(records, settings, int(now), interfere)
        if not entry.dry_run and (ending is None or ending.stored):
            self._store.apply(entry.id, verdicts, now, settings)
            entry.stored = True
        answer = answer_of(verdicts)
        entry.records = len(records)
        entry.accepted = answer["processed"]
        entry.refused = len(verdicts.refused)
        entry.result = answer["status"]
        return json_reply(200, answer)

    async def profile(self, query: dict[str, str]) -> Reply:
        """Answer ``GET /1/profile.json``.

        :param query: exactly one of ``identity``, ``objectId`` and ``email``.
        """
        given = [name for name in PROFILE_KEYS if query.get(name)]
        if len(given) != 1:
            return failure(400, MALFORMED)
        record = await self.listed(find_profile, given[0], query[given[0]])
        if record is None:
            return failure(404, "Profile not found")
        return json_reply(200, {"status": "success", "record": record})
