"""The CleverTap API over HTTP: one shared connection pool, typed answers."""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import replace
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeGuard

import httpx

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Failure,
    Forbidden,
    Malformed,
    Processed,
    Unreachable,
    to_exception,
)
from airflow_provider_clevertap.api.connection_pool import ConnectionPool, open_pool
from airflow_provider_clevertap.api.regions import checked_url
from airflow_provider_clevertap.api.request import Reply, send_request
from airflow_provider_clevertap.api.response_parser import is_success, read_answer, read_profile
from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

#: seconds for making a connection, with a proxy's tunnel and TLS; a host that does not answer by then is not going to
_CONNECT = 10.0
#: most bytes of an answer: 1000 refused records come back whole, each with its error text
_LONGEST_ANSWER = 32 * 1024 * 1024
#: most bytes of a profile, which unlike an upload's answer is built as a whole
_LONGEST_PROFILE = 2 * 1024 * 1024
#: the quickest: it makes records a quarter of their size, and higher levels little less for several times the work
_GZIP_LEVEL = 1
#: zlib's number for a gzip header and the largest window
_GZIP_FORMAT = 31
_GZIP_DOUBT = (
    "It was compressed, which CleverTap does not document: if all are refused, take gzip out of the connection."
)
#: what an HTTP header can carry
_HEADER_TEXT = re.compile(r"[!-~](?:[ -~]*[!-~])?")
#: a record CleverTap cannot store even if something on the way drops ``dryRun``: it says of nobody that it is theirs
_ACCESS_PROBE = b'{"d":[{"type":"profile","profileData":{}}]}'


class CleverTapClient:
    """One CleverTap account at one address. Safe to share between threads; create one and keep it.

    Redirects are not followed, certificates are verified, and nothing is retried. The environment's proxies
    (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``) and certificates (``SSL_CERT_FILE``, ``SSL_CERT_DIR``) apply as
    usual, except that a plain http address, which can only be this machine, is never reached through a
    proxy.

    :param account_id: the Account ID.
    :param passcode: the passcode. It is sent in a header and shown nowhere.
    :param base_url: what :func:`~airflow_provider_clevertap.api.regions.base_url` gives.
    :param timeout: seconds for a whole request, from its first byte to the last one of its answer. Before that, making
        a connection gets as long, but at most 10 seconds.
    :param max_in_flight: most requests, and most connections, at the same time. CleverTap limits it for each account
        (https://developer.clevertap.com/docs/api-request-limit).
    :param gzip: compress the bodies of uploads. CleverTap documents nothing about compressed requests: try it with
        :meth:`check_access` first.
    :param transport: an httpx transport instead of the network.
    :raises ConfigurationError: when an argument cannot be used.
    """

    def __init__(
        self,
        account_id: str,
        passcode: str,
        base_url: str,
        *,
        timeout: float = 60.0,
        max_in_flight: int = 10,
        gzip: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not (math.isfinite(timeout) and timeout > 0):
            raise ConfigurationError("The timeout of the CleverTap connection must be a number of seconds above 0.")
        if max_in_flight < 1:
            raise ConfigurationError("max_in_flight of the CleverTap connection must be 1 or more.")
        self.account_id = _header_text(account_id, "Account ID", "login")
        self.base_url = checked_url(base_url)
        self.timeout = timeout
        self.max_in_flight = max_in_flight
        secret = _header_text(passcode, "passcode", "password")
        # a server that sends it back may do so in another case, as a host name is
        self._secret = re.compile(re.escape(secret), re.IGNORECASE)
        self._account = f"account {self.account_id} at {self.base_url}"
        # what every request has in common is built once
        self._headers = httpx.Headers(
            {
                "X-CleverTap-Account-Id": self.account_id,
                "X-CleverTap-Passcode": secret,
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"airflow-provider-clevertap/{_installed_version()}",
            }
        )
        self._upload_headers = self._headers.copy()
        self._gzip = gzip
        if gzip:
            self._upload_headers["Content-Encoding"] = "gzip"
        timeouts = httpx.Timeout(timeout, connect=min(timeout, _CONNECT))
        self._extensions = {"timeout": timeouts.as_dict()}
        self._upload_url = httpx.URL(f"{self.base_url}/1/upload")
        self._dry_run_url = httpx.URL(f"{self.base_url}/1/upload?dryRun=1")
        self._profile_url = httpx.URL(f"{self.base_url}/1/profile.json")
        self._closed = False
        self._connections = (
            open_pool(self.base_url, max_in_flight)
            if transport is None
            else ConnectionPool([transport] * max_in_flight)
        )

    def upload(self, body: bytes, records: int, *, dry_run: bool = False) -> Answer:
        """Send one batch to ``POST /1/upload`` and say what became of it.

        Never raises for what the network or CleverTap does: that is in the answer.

        :param body: the whole request body, ``{"d":[...]}``. It is not copied.
        :param records: how many records ``d`` holds.
        :param dry_run: let CleverTap validate the batch and store nothing (``?dryRun=1``).
        """
        url = self._dry_run_url if dry_run else self._upload_url
        content = zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP_FORMAT) if self._gzip else body
        reply = self._ask(
            httpx.Request("POST", url, headers=self._upload_headers, content=content, extensions=self._extensions)
        )
        if not isinstance(reply, Reply):
            return self._clean(reply)
        answer = read_answer(reply.status, reply.headers, reply.body, records, sent=body, account=self._account)
        if self._gzip and _may_be_for_gzip(answer):
            answer = replace(answer, detail=f"{answer.detail.rstrip('.')}. {_GZIP_DOUBT}")
        return self._clean(answer)

    def get_profile(
        self, *, identity: str | None = None, email: str | None = None, object_id: str | None = None
    ) -> dict[str, Any] | None:
        """Look up one profile (``GET /1/profile.json``) by exactly one of its identifiers.

        :param identity: the identity.
        :param email: the e-mail address.
        :param object_id: the CleverTap ID.
        :returns: the profile as CleverTap gives it, ``None`` when it knows nobody by that identifier. It holds
            personal data and push tokens.
        :raises AccessDeniedError: when CleverTap refuses the account, the passcode or the right to read.
        :raises ConfigurationError: when not exactly one identifier is given, or the address is not CleverTap's.
        :raises CleverTapUnavailableError: when CleverTap cannot be reached, is busy or gives no readable answer.

        https://developer.clevertap.com/docs/get-user-profiles-api
        """
        asked = {"identity": identity, "email": email, "objectId": object_id}
        given = {name: value for name, value in asked.items() if value}
        if len(given) != 1:
            raise ConfigurationError("Give exactly one of identity, email and object_id, and not an empty one.")
        url = self._profile_url.copy_merge_params(given)
        reply = self._ask(
            httpx.Request("GET", url, headers=self._headers, extensions=self._extensions), _LONGEST_PROFILE
        )
        if not isinstance(reply, Reply):
            raise self._error(reply)
        found = read_profile(reply.status, reply.headers, reply.body, account=self._account)
        if found is None or isinstance(found, dict):
            return found
        raise self._error(found)

    def check_access(self) -> None:
        """Prove that the account, the passcode and the address work for uploads, without writing anything.

        It asks for a dry run of one record that names nobody, so nothing could be stored even if a proxy dropped the
        ``dryRun`` from the address. Any answer that accounts for that record proves the access. The credentials go to
        this connection's address only: no other region is tried.

        :raises AccessDeniedError: when CleverTap refuses the account, the passcode or the region; its message tells
            them apart as far as CleverTap does.
        :raises ConfigurationError: when what answers is not CleverTap's API.
        :raises CleverTapUnavailableError: when the host cannot be reached, is busy, or failed.
        """
        answer = self.upload(_ACCESS_PROBE, 1, dry_run=True)
        if not isinstance(answer, Processed):
            raise self._error(answer)

    def close(self) -> None:
        """Close the connections. A request still in flight ends as unclear, at the latest after ``timeout``."""
        self._closed = True
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CleverTapClient(account_id={self.account_id!r}, base_url={self.base_url!r})"

    def _ask(self, request: httpx.Request, longest: int = _LONGEST_ANSWER) -> Reply | Unreachable | Ambiguous:
        if self._closed:
            raise RuntimeError("the client is closed")
        return send_request(self._connections, request, longest=longest, seconds=self.timeout, secret=self._secret)

    def _clean(self, answer: Answer) -> Answer:
        """Take the passcode out of an answer's words, in case a server sent it back."""
        if not isinstance(answer, Processed):
            return replace(answer, detail=self._masked(answer.detail))
        if not answer.rejected:
            return answer
        return Processed(tuple(replace(refusal, reason=self._masked(refusal.reason)) for refusal in answer.rejected))

    def _masked(self, text: str) -> str:
        return self._secret.sub("***", text)

    def _error(self, answer: Failure) -> CleverTapError:
        """Give the error for an answer to a question, which unlike a load has nothing to settle."""
        detail = self._masked(answer.detail)
        if isinstance(answer, Ambiguous) and answer.status is not None and is_success(answer.status):
            return ConfigurationError(f"What answers at {self.base_url} does not answer as CleverTap does: {detail}")
        return to_exception(replace(answer, detail=detail))


def _may_be_for_gzip(answer: Answer) -> TypeGuard[Malformed | Forbidden]:
    """Whether an answer may mean that the service cannot read compressed requests."""
    return isinstance(answer, Malformed) or (
        isinstance(answer, Forbidden) and answer.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    )


def _header_text(value: str, name: str, field: str) -> str:
    """Check a credential before it becomes a header: an HTTP library would quote the header it refuses."""
    text = value.strip()
    if not text:
        raise ConfigurationError(f"The {name} ({field} of the CleverTap connection) is empty.")
    if not _HEADER_TEXT.fullmatch(text):
        raise ConfigurationError(
            f"The {name} ({field} of the CleverTap connection) holds characters an HTTP header cannot carry: "
            "copy it again from CleverTap."
        )
    return text


def _installed_version() -> str:
    try:
        return version("airflow-provider-clevertap")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "unknown"
