"""Results that take a while to compute: until then, a call is answered with the number to ask for."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.export.rejections import UNKNOWN_REQUEST, QueryRejected
from airflow_provider_clevertap.emulator.replies import Reply, json_reply
from airflow_provider_clevertap.emulator.settings import Settings

_FIRST_NUMBER = 10**14
"""Numbers have 15 digits."""


class PendingResult(msgspec.Struct):
    """A result that was not ready at once.

    :param path: where it was asked for; no other path has it.
    :param created: UNIX seconds.
    :param calls: how often it was asked for, with the first time.
    """

    path: str
    answer: dict[str, Any]
    created: float
    calls: int = 1


class PendingResults:
    """The results an account still has to fetch. Used in the database's thread only."""

    def __init__(self) -> None:
        self._results: dict[int, PendingResult] = {}

    def clear(self) -> None:
        """Forget all results."""
        self._results = {}

    def begin(self, path: str, answer: dict[str, Any], settings: Settings, now: float) -> Reply:
        """Answer a call with its result, or with a number to ask for where results take time."""
        if not settings.counts_not_ready:
            return json_reply(200, answer)
        self._results = {
            number: one for number, one in self._results.items() if now - one.created <= settings.request_id_life
        }
        number = _FIRST_NUMBER + secrets.randbelow(9 * _FIRST_NUMBER)
        self._results[number] = PendingResult(path, answer, now)
        return _partial(number)

    def find(self, path: str, text: str, settings: Settings, now: float) -> Reply:
        """Answer a call with a number: with the result, or with the number again.

        :raises QueryRejected: nothing was asked for under this number, or too long ago.
        """
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_FIRST_NUMBER)) else 0
        result = self._results.get(number)
        if result is None or result.path != path or now - result.created > settings.request_id_life:
            raise QueryRejected(UNKNOWN_REQUEST)
        result.calls += 1
        return json_reply(200, result.answer) if result.calls > settings.counts_not_ready else _partial(number)


def _partial(number: int) -> Reply:
    return json_reply(200, {"req_id": number, "status": "partial"})
