"""The emulated account: what it stores and how it answers, independent of HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from airflow_provider_clevertap.emulator.export.cloud.exports import CloudRun
from airflow_provider_clevertap.emulator.export.cloud.files import FileFormat
from airflow_provider_clevertap.emulator.export.rejections import QueryRejected
from airflow_provider_clevertap.emulator.export.state import ExportState, Moment
from airflow_provider_clevertap.emulator.faults.registry import FaultRegistry
from airflow_provider_clevertap.emulator.faults.rules import FailRecords, ResponseFault
from airflow_provider_clevertap.emulator.http.concurrency import ConcurrencyCeiling
from airflow_provider_clevertap.emulator.kinds import UPLOAD
from airflow_provider_clevertap.emulator.operations.profiles import run_night
from airflow_provider_clevertap.emulator.replies import MALFORMED, Reply, failure, json_reply
from airflow_provider_clevertap.emulator.settings import Credentials, Settings
from airflow_provider_clevertap.emulator.storage.database import IN_MEMORY, Database, RequestEntry
from airflow_provider_clevertap.emulator.storage.queries import PROFILE_KEYS, find_profile, read_totals
from airflow_provider_clevertap.emulator.validation.batch import (
    BadRequestError,
    answer_of,
    read_records,
    validate_batch,
)

P = ParamSpec("P")
T = TypeVar("T")


class EmulatedAccount:
    """One CleverTap account that exists in this process only.

    One thread uses the database; everything else happens in the event loop.

    :param credentials: the account.
    :param settings: limits and strictness to start with.
    :param database: a file, which is created when it is missing, or ``:memory:``.
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
        self._database = self._thread.submit(Database, database).result()
        self._export_state = ExportState(self._database.connection)
        self._last_request = self._thread.submit(self._database.last_request_id).result()

    def close(self) -> None:
        """Finish the writes that are waiting and close the database."""
        self._thread.submit(self._database.close).result()
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something in the database's thread, after the calls before it."""
        return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))

    async def query(self, reader: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that reads from the database.

        :param reader: takes the connection first, then the other arguments, as those of
            :mod:`~airflow_provider_clevertap.emulator.storage.queries` do.
        """
        return await self._in_thread(reader, self._database.connection, *args, **kwargs)

    async def answer(self, answer: Callable[Concatenate[Moment, P], Reply], *args: P.args, **kwargs: P.kwargs) -> Reply:
        """Answer a call about what is stored.

        :param answer: takes the moment first, as those of :mod:`~airflow_provider_clevertap.emulator.export.answers`
            do; a query that it rejects is answered here.
        """
        moment = Moment(self._database.connection, self._export_state, self.settings, time.time())
        try:
            return await self._in_thread(answer, moment, *args, **kwargs)
        except QueryRejected as rejected:
            return rejected.reply

    async def write_cloud_export(
        self, what: Literal["events", "profiles"], directory: Path, file_format: FileFormat, request_id: int
    ) -> list[Path]:
        """Write the files of one run of a cloud export; return their paths."""
        run = CloudRun(
            directory,
            file_format,
            self.credentials.account_id,
            request_id,
            int(time.time()),
            self.settings.project_timezone,
        )
        cloud = self._export_state.cloud
        return await self.query(
            lambda connection: (
                cloud.write_events(connection, run) if what == "events" else cloud.write_profiles(connection, run)
            )
        )

    async def run_night(self) -> int:
        """Delete and demerge the profiles that are queued for it; return how many were changed."""
        settings = self.settings
        changed = await self._in_thread(self._database.change, lambda connection: run_night(connection, settings))
        await self._in_thread(self._export_state.pages.forget)
        return changed

    def new_entry(self, method: str, path: str) -> RequestEntry:
        """Return a line of the request log for a request that has just arrived."""
        self._last_request += 1
        return RequestEntry(id=self._last_request, received_at=time.time(), method=method, path=path)

    async def log(self, entry: RequestEntry) -> None:
        """Add a line to the request log."""
        await self._in_thread(self._database.log, entry)

    async def stats(self) -> dict[str, Any]:
        """Return the totals, the number of requests in flight and its peaks, for uploads and by path."""
        return {
            **await self.query(read_totals),
            "in_flight": self.in_flight.now(UPLOAD),
            "peak_in_flight": self.in_flight.peak(UPLOAD),
            "peak_in_flight_other": self.in_flight.peak_except(UPLOAD),
            "paths": self.in_flight.by_api(),
        }

    async def reset(self) -> None:
        """Delete everything that has arrived, the peaks and the faults. Settings stay."""
        self.faults.clear()
        self.in_flight.reset_peaks()
        await self._in_thread(self._reset)

    def _reset(self) -> None:
        self._database.reset()
        self._export_state.clear()

    async def receive(self, entry: RequestEntry, path: str, body: bytes, fault: ResponseFault | None) -> Reply:
        """Answer a request with records.

        :param entry: the request's line in the log, filled in here.
        :param path: the path, which determines the kinds of records.
        :param fault: the fault of this request: it may reject records or keep them from being stored.
        """
        return await self._in_thread(self._receive, entry, path, body, fault)

    def _receive(self, entry: RequestEntry, path: str, body: bytes, fault: ResponseFault | None) -> Reply:
        settings = self.settings
        now = time.time()
        try:
            records = read_records(path, body)
        except BadRequestError as error:
            entry.result = str(error)
            return failure(400, entry.result)
        record_fault = fault.rejects if isinstance(fault, FailRecords) else None
        result = validate_batch(path, records, settings, int(now), record_fault)
        if not entry.dry_run and (fault is None or fault.stored):
            self._database.store(entry.id, result, now, settings)
            self._export_state.pages.forget()
            entry.stored = True
        answer = answer_of(result)
        entry.records = len(records)
        entry.accepted = answer["processed"]
        entry.refused = len(result.rejected)
        entry.result = answer["status"]
        return json_reply(200, answer)

    async def profile(self, query: Mapping[str, str]) -> Reply:
        """Answer ``GET /1/profile.json``.

        :param query: exactly one of ``identity``, ``objectId`` and ``email``.
        """
        given = [name for name in PROFILE_KEYS if query.get(name)]
        if len(given) != 1:
            return failure(400, MALFORMED)
        record = await self.query(find_profile, given[0], query[given[0]])
        if record is None:
            return failure(404, "Profile not found")
        return json_reply(200, {"status": "success", "record": record})
