"""A client that records its requests and answers, and stops the service when a fault requires it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from airflow_provider_clevertap.api.answers import Ambiguous, Answer, Processed, Unreachable
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.endpoints import Endpoint
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.chaos.faults import Outage


class Service:
    """Makes the service available or unavailable.

    :param emulator: the service.
    :param outage: when it becomes unavailable, if ever.
    """

    def __init__(self, emulator: RunningEmulator, outage: Outage | None) -> None:
        self._emulator = emulator
        self._outage = outage
        self._lock = threading.Lock()
        self._requests = self._refused = 0
        self._is_down = False
        self._timer: threading.Timer | None = None

    def before_request(self) -> None:
        """Count a request."""
        with self._lock:
            if self._outage is not None and self._requests == self._outage.after:
                self._emulator.go_down()
                self._is_down = True
                if self._outage.seconds is not None:
                    self._timer = threading.Timer(self._outage.seconds, self.come_back)
                    self._timer.start()
            self._requests += 1

    def was_refused(self) -> None:
        """Count a refused connection."""
        with self._lock:
            self._refused += 1
            enough = self._outage is not None and self._refused == self._outage.refused
        if enough:
            self.come_back()

    def come_back(self) -> None:
        """Make the service available again."""
        with self._lock:
            if self._is_down:
                self._emulator.come_back()
            self._is_down = False

    def close(self) -> None:
        """Wait for the end of the outage."""
        if self._timer is not None:
            self._timer.join()


class Recorder:
    """Records what a load sends and the answers it gets, for each record.

    :param key: the field of a record that is its key.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._lock = threading.Lock()
        #: the answers to the requests with a record, by its key, in order
        self.answers: dict[str, list[Answer]] = {}
        self.requests = 0
        self.settled_requests = 0

    @contextmanager
    def client(self, service: Service, address: tuple[str, str, str], timeout: float) -> Iterator[Any]:
        """Return a client whose requests are recorded."""
        with CleverTapClient(*address, timeout=timeout, max_in_flight=15) as client:
            yield _Recording(client, self, service)

    def note(self, body: bytes, answer: Answer) -> None:
        """Record a request and its answer."""
        keys = [record[self._key] for record in msgspec.json.decode(body)["d"]]
        with self._lock:
            self.requests += 1
            self.settled_requests += not isinstance(answer, Ambiguous | Unreachable)
            for key in keys:
                self.answers.setdefault(key, []).append(answer)

    def sent_again(self, key: str) -> int:
        """Return how often a record was sent again although an earlier request may have been processed."""
        again, in_doubt = 0, False
        for answer in self.answers.get(key, ()):
            if isinstance(answer, Processed | Ambiguous):  # after the others it was certainly not processed
                again += in_doubt
                in_doubt = isinstance(answer, Ambiguous)
        return again

    def in_doubt(self, key: str) -> bool:
        """Return whether the latest result of a record is that it may have been processed."""
        done = [answer for answer in self.answers.get(key, ()) if isinstance(answer, Processed | Ambiguous)]
        return bool(done) and isinstance(done[-1], Ambiguous)

    def was_taken(self, key: str) -> bool:
        """Return whether a request with a record was processed."""
        return any(isinstance(answer, Processed) for answer in self.answers.get(key, ()))


class _Recording:
    def __init__(self, client: CleverTapClient, recorder: Recorder, service: Service) -> None:
        self._client = client
        self._recorder = recorder
        self._service = service
        self.account_id = client.account_id

    def send_batch(self, endpoint: Endpoint, body: bytes, records: int, *, dry_run: bool = False) -> Answer:
        self._service.before_request()
        answer = self._client.send_batch(endpoint, body, records, dry_run=dry_run)
        self._recorder.note(body, answer)
        if isinstance(answer, Unreachable):
            self._service.was_refused()
        return answer
