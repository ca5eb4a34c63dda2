"""An emulator inside a test or a script, started and stopped by a ``with`` statement."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import msgspec

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.export.lists.messages import add_messages
from airflow_provider_clevertap.emulator.faults.conditions import FaultRule
from airflow_provider_clevertap.emulator.faults.rules import Rule
from airflow_provider_clevertap.emulator.http.serving import LOOPBACK, cancel_other_tasks, serve
from airflow_provider_clevertap.emulator.settings import (
    DEFAULT_ACCOUNT_ID,
    DEFAULT_PASSCODE,
    Credentials,
    Settings,
)
from airflow_provider_clevertap.emulator.storage.database import IN_MEMORY
from airflow_provider_clevertap.emulator.storage.listings import read_list
from airflow_provider_clevertap.emulator.storage.queries import LISTS

__all__ = ["RunningEmulator"]

T = TypeVar("T")


class RunningEmulator:
    """An emulator in a background thread, on 127.0.0.1.

    It can be started again after it was stopped; each ``with`` begins with the content of its database. All methods may
    be called from any thread while it runs::

        with RunningEmulator() as emulator:
            load_into(emulator.url, emulator.account_id, emulator.passcode)
            assert emulator.profile("cust-1")["data"]["Email"] == "asha@example.com"

    :param account_id: the account id it expects.
    :param passcode: the passcode it expects.
    :param port: the port; 0 for a free one.
    :param database: a file, which is created when it is missing, or ``:memory:``.
    :param settings: see :class:`~airflow_provider_clevertap.emulator.settings.Settings`, by name.
    """

    def __init__(
        self,
        *,
        account_id: str = DEFAULT_ACCOUNT_ID,
        passcode: str = DEFAULT_PASSCODE,
        port: int = 0,
        database: str = IN_MEMORY,
        **settings: Any,
    ) -> None:
        self.account_id = account_id
        self.passcode = passcode
        self.url = ""
        self._port = port
        self._database = database
        self._settings = Settings().changed(settings)
        self._reserved_port: socket.socket | None = None
        self._running: EmulatedAccount | None = None

    def __enter__(self) -> Self:
        if self._running is not None:
            msg = "the emulator is running already: use another RunningEmulator for a second one"
            raise RuntimeError(msg)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clevertap-emulator", daemon=True)
        self._thread.start()
        try:
            account = EmulatedAccount(Credentials(self.account_id, self.passcode), self._settings, self._database)
            (self._runner, self._open_port) = self._wait(lambda: serve(account, LOOPBACK, self._port))
        except BaseException:
            self._stop_loop()
            raise
        self._running = account
        self.url = f"http://{LOOPBACK}:{self._open_port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._runner.cleanup)
        if self._reserved_port is not None:
            self._reserved_port.close()
        self._account.close()
        self._running = None
        self._stop_loop()

    @property
    def _account(self) -> EmulatedAccount:
        if self._running is None:
            msg = "the emulator is not running: call this inside its with statement"
            raise RuntimeError(msg)
        return self._running

    def _stop_loop(self) -> None:
        self._wait(cancel_other_tasks)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _call(self, work: Callable[[], T]) -> T:
        async def run() -> T:
            return work()

        return self._wait(run)

    def _items(self, name: str, only: str | None) -> list[dict[str, Any]]:
        account = self._account
        page = self._wait(lambda: account.query(read_list, LISTS[name], only=only))
        items: list[dict[str, Any]] = page["items"]
        return items

    def stats(self) -> dict[str, Any]:
        """Return the totals, as ``GET /admin/stats`` does."""
        return self._wait(self._account.stats)

    def profiles(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return the profiles, the one changed last at the end.

        :param key: only the one with this identity or objectId.
        """
        return self._items("profiles", key)

    def profile(self, key: str) -> dict[str, Any]:
        """Return one profile.

        :param key: its identity or objectId.
        :raises KeyError: there is no such profile.
        """
        found = self.profiles(key)
        if not found:
            raise KeyError(key)
        return found[0]

    def events(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return the events in the order they arrived; an event that was sent twice is there twice.

        :param key: only those of this identity or objectId.
        """
        return self._items("events", key)

    def tokens(self, object_id: str | None = None) -> list[dict[str, Any]]:
        """Return the device tokens.

        :param object_id: only the one of this objectId.
        """
        return self._items("tokens", object_id)

    def subscriptions(self, value: str | None = None) -> list[dict[str, Any]]:
        """Return the subscriptions: one status for each type and value.

        :param value: only those of this e-mail address or phone number.
        """
        return self._items("subscriptions", value)

    def refused(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return the rejected records with code and error.

        :param key: only those of this identity, objectId or value.
        """
        return self._items("refused", key)

    def error_stream(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return what was answered with success and yet left out or reported as wrong.

        :param key: only entries for this identity, objectId or value.
        """
        return self._items("error_stream", key)

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """Return the request log.

        :param path: only requests to this path.
        """
        return self._items("requests", path)

    def inject(self, *rules: dict[str, Any] | Rule) -> None:
        """Add fault rules after those in force.

        :param rules: JSON objects as ``POST /admin/faults`` takes them, or fault objects.
        :raises msgspec.ValidationError: a rule or one of its fields is unknown, or a value does not fit.
        """
        added = [rule if isinstance(rule, FaultRule) else msgspec.convert(rule, Rule) for rule in rules]
        faults = self._account.faults
        self._call(lambda: faults.add(added))

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules in force, each with how often it matched and was applied (``struck``)."""
        return self._call(self._account.faults.to_builtins)

    def clear_faults(self) -> None:
        """Remove all fault rules."""
        self._call(self._account.faults.clear)

    def add_messages(self, *messages: dict[str, Any]) -> None:
        """Add messages to those that the report lists, as an emulator sends none.

        :param messages: objects as the report returns them, with at least ``message id`` and ``start_date``.
        :raises msgspec.ValidationError: one has no number or no date.
        """
        account, body = self._account, msgspec.json.encode(messages)
        self._wait(lambda: account.query(add_messages, body))

    def write_cloud_export(
        self,
        directory: str | Path,
        what: Literal["events", "profiles"] = "events",
        *,
        file_format: Literal["json", "csv"] = "json",
        request_id: int = 1,
    ) -> list[Path]:
        """Write the files of one run of a cloud export, as CleverTap writes them to a bucket; return their paths.

        :param directory: where they go; it is created.
        :param what: the events that arrived since the last run of this export, or all profiles.
        :param file_format: ``json``: an object in each line, after a line with the event's name; or ``csv``.
        :param request_id: the export; each has its own runs.
        """
        account, path = self._account, Path(directory)
        return self._wait(lambda: account.write_cloud_export(what, path, file_format, request_id))

    def run_night(self) -> int:
        """Delete and demerge the profiles that are queued for it, as CleverTap does at night.

        :returns: how many were changed.
        """
        return self._wait(self._account.run_night)

    def set_max_in_flight(self, uploads: int, other: int | None = None) -> None:
        """Change the concurrency limits.

        :param uploads: uploads answered at the same time.
        :param other: the same for every other API; unchanged by default.
        """
        self.change_settings(max_in_flight=uploads, **({} if other is None else {"max_in_flight_other": other}))

    def change_settings(self, **changes: Any) -> None:
        """Change settings while the emulator runs.

        :param changes: see :class:`~airflow_provider_clevertap.emulator.settings.Settings`, by name.
        :raises msgspec.ValidationError: a name is unknown or a value does not fit.
        """
        account = self._account
        changed = account.settings.changed(changes)

        def change() -> None:
            account.settings = changed

        self._call(change)

    def go_down(self) -> None:
        """Answer the requests in flight, then close all connections and refuse new ones. What is stored stays."""
        _ = self._account
        self._wait(self._runner.cleanup)
        # Bound but not listening: connections are refused, and no other process can take the port.
        self._reserved_port = socket.socket()
        self._reserved_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved_port.bind((LOOPBACK, self._open_port))

    def come_back(self) -> None:
        """Listen again after :meth:`go_down`, on the same port."""
        account = self._account
        (self._runner, _) = self._wait(lambda: serve(account, LOOPBACK, self._open_port, self._reserved_port))

    def reset(self) -> None:
        """Delete everything that has arrived, the peaks and the faults. Settings stay."""
        self._wait(self._account.reset)
