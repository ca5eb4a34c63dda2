"""Client of the CleverTap API: one shared connection pool, and a typed answer for each upload."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Failure,
    Processed,
    Unreachable,
    mask_answer,
    to_exception,
)
from airflow_provider_clevertap.api.endpoints import UPLOAD, Endpoint
from airflow_provider_clevertap.api.network.compression import compress, with_hint
from airflow_provider_clevertap.api.network.connection_pool import ConnectionPool, open_pool
from airflow_provider_clevertap.api.network.headers import header_text, request_headers
from airflow_provider_clevertap.api.network.log_filter import install_filter
from airflow_provider_clevertap.api.network.request import Response, send_request
from airflow_provider_clevertap.api.reads.answers import ReadAnswer, mask_read_answer, read_fields
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, repeat_read
from airflow_provider_clevertap.api.reads.methods import ReadMethods
from airflow_provider_clevertap.api.regions import normalize_url
from airflow_provider_clevertap.api.response_body import decode
from airflow_provider_clevertap.api.response_parser import is_success
from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

#: maximum seconds for making a connection, with a proxy's tunnel and TLS: a host that has not answered by then will not
_MAX_CONNECT_SECONDS = 10.0
#: maximum bytes of the response to an upload: 1000 rejected records come back complete, each with its error text
_MAX_UPLOAD_RESPONSE_BYTES = 32 * 1024 * 1024
#: maximum bytes of the answer to other calls that read: a page of an export has up to 5000 events with their profiles
_MAX_READ_BYTES = 64 * 1024 * 1024
#: a record without an identity: CleverTap cannot store it even if a proxy removes ``dryRun`` from the address
_ACCESS_PROBE = b'{"d":[{"type":"profile","profileData":{}}]}'


class CleverTapClient(ReadMethods):
    """Client of one CleverTap account at one address. It can be shared between threads; create one and reuse it.

    Redirects are not followed, certificates are verified, and uploads are not retried. The environment's proxies
    (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``) and certificates (``SSL_CERT_FILE``, ``SSL_CERT_DIR``) apply as
    usual, except that plain http addresses, which must be on this machine, never use a proxy.

    :param account_id: the Account ID.
    :param passcode: the passcode. It is sent in a header and never logged or shown.
    :param base_url: a result of :func:`~airflow_provider_clevertap.api.regions.base_url`.
    :param timeout: seconds for a whole request, from its first byte to the last byte of its response. Making a
        connection before that has the same timeout, but at most 10 seconds.
    :param max_in_flight: maximum number of requests, and of connections, at the same time. CleverTap limits it for each
        account
        (https://developer.clevertap.com/docs/api-request-limit).
    :param gzip: compress the bodies of uploads. CleverTap documents nothing about compressed requests: try it with
        :meth:`check_access` first.
    :param transport: an httpx transport to use instead of the network.
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
        self.account_id = header_text(account_id, "Account ID", "login")
        self.base_url = normalize_url(base_url)
        self.timeout = timeout
        self.max_in_flight = max_in_flight
        secret = header_text(passcode, "passcode", "password")
        # a server that repeats it may change its case, for example in a host name
        self._secret = re.compile(re.escape(secret), re.IGNORECASE)
        self._account = f"account {self.account_id} at {self.base_url}"
        # the headers of all requests are built once
        self._headers = request_headers(self.account_id, secret)
        self._gzip = gzip
        self._gzip_headers = self._headers.copy()
        self._gzip_headers["Content-Encoding"] = "gzip"
        timeouts = httpx.Timeout(timeout, connect=min(timeout, _MAX_CONNECT_SECONDS))
        self._extensions = {"timeout": timeouts.as_dict()}
        #: of batches: parsing one takes longer than making the rest of a request
        self._urls: dict[str, httpx.URL] = {}
        self._closed = False
        install_filter()
        self._connections = (
            open_pool(self.base_url, max_in_flight)
            if transport is None
            else ConnectionPool([transport] * max_in_flight)
        )

    def upload(self, body: bytes, records: int, *, dry_run: bool = False) -> Answer:
        """Send one batch to ``POST /1/upload``, see :meth:`send_batch`."""
        return self.send_batch(UPLOAD, body, records, dry_run=dry_run)

    def send_batch(self, endpoint: Endpoint, body: bytes, records: int, *, dry_run: bool = False) -> Answer:
        """Send one batch and return what the response means for its records.

        Failures of the network or of CleverTap are returned as answers, not raised.

        :param endpoint: where to send it.
        :param body: the whole request body, such as ``{"d":[...]}``. It is not copied.
        :param records: the number of records in it.
        :param dry_run: ask CleverTap to validate the batch without storing it (``?dryRun=1``).
        :raises ConfigurationError: for a dry run, when the endpoint has none: CleverTap would store the batch.
        """
        if dry_run and not endpoint.supports_dry_run:
            raise ConfigurationError(f"CleverTap has no dry run for {endpoint.path}: use dry_run='local'.")
        target = f"{endpoint.path}?dryRun=1" if dry_run else endpoint.path
        url = self._urls.get(target) or self._urls.setdefault(target, httpx.URL(self.base_url + target))
        gzip = self._gzip and endpoint.compressible
        response = self._send(
            httpx.Request(
                "POST",
                url,
                headers=self._gzip_headers if gzip else self._headers,
                content=compress(body) if gzip else body,
                extensions=self._extensions,
            )
        )
        if not isinstance(response, Response):
            return mask_answer(response, self._mask)
        answer = endpoint.read_answer(
            response.status, response.headers, response.body, records, sent=body, account=self._account
        )
        return mask_answer(with_hint(answer) if gzip else answer, self._mask)

    def read(
        self,
        path: str,
        *,
        query: Mapping[str, str] | str = "",
        body: Any = None,
        max_bytes: int = _MAX_READ_BYTES,
        policy: ReadPolicy | None = None,
        decoder: Callable[[bytes], object] = decode,
        without_status: str = "",
    ) -> dict[str, Any]:
        """Make a call that reads data, and repeat it until CleverTap has answered it.

        Reading twice is harmless: failures that may be transient are retried, and an answer that CleverTap is still
        preparing is waited for.

        :param path: the path, such as ``/1/events.json``.
        :param query: the query; text is sent as it is, such as a cursor that is already percent-encoded.
        :param body: sent as JSON with ``POST``; without it the method is ``GET``.
        :param max_bytes: the maximum size of the answer.
        :param policy: how often and how long to repeat the call.
        :param decoder: returns the fields of the answer's body, or something else when it cannot be read.
        :param without_status: a field that makes an answer without ``status`` a success.
        :returns: the fields of the answer, whose ``status`` is ``success`` or ``partial``.
        :raises RejectedReadError: when CleverTap rejects the call; the error has its code and text.
        :raises AccessDeniedError: when CleverTap rejects the account, the passcode or the right to read.
        :raises ConfigurationError: when the address is not CleverTap's.
        :raises CleverTapUnavailableError: when CleverTap cannot be reached, fails, or does not finish in time.
        :raises LoadStoppedError: when ``policy.stopping`` is set.
        """
        url = httpx.URL(f"{self.base_url}{path}{f'?{query}' if isinstance(query, str) and query else ''}")
        if not isinstance(query, str):
            url = url.copy_merge_params(query)
        method, content = ("GET", None) if body is None else ("POST", msgspec.json.encode(body))

        def call() -> ReadAnswer:
            request = httpx.Request(method, url, headers=self._headers, content=content, extensions=self._extensions)
            response = self._send(request, max_bytes)
            if isinstance(response, Response):
                answer = read_fields(
                    response.status,
                    response.headers,
                    response.body,
                    self._account,
                    decoder=decoder,
                    without_status=without_status,
                )
            else:
                answer = response
            return mask_read_answer(answer, self._mask)

        answer = repeat_read(call, policy or ReadPolicy())
        if isinstance(answer, dict):
            return answer
        raise self._to_exception(answer)

    def check_access(self) -> None:
        """Check that the account, the passcode and the address work for uploads, without writing anything.

        It sends a dry run of one record without an identity, so nothing could be stored even if a proxy removed
        ``dryRun`` from the address. Any response that accepts or rejects that record proves the access. The
        credentials are sent to this connection's address only: no other region is tried.

        :raises AccessDeniedError: when CleverTap rejects the account, the passcode or the region; the message says
            which one, as far as CleverTap does.
        :raises ConfigurationError: when the response is not from CleverTap's API.
        :raises CleverTapUnavailableError: when the host cannot be reached, has too many requests in flight, or
            failed.
        """
        answer = self.upload(_ACCESS_PROBE, 1, dry_run=True)
        if not isinstance(answer, Processed):
            raise self._to_exception(answer)

    def close(self) -> None:
        """Close the connections. Requests still in flight end as ambiguous, at the latest after ``timeout``."""
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

    def _send(
        self, request: httpx.Request, max_bytes: int = _MAX_UPLOAD_RESPONSE_BYTES
    ) -> Response | Unreachable | Ambiguous:
        if self._closed:
            raise RuntimeError("the client is closed")
        return send_request(self._connections, request, max_bytes=max_bytes, seconds=self.timeout, secret=self._secret)

    def _mask(self, text: str) -> str:
        return self._secret.sub("***", text)

    def _to_exception(self, answer: Failure) -> CleverTapError:
        """Return the exception for an answer; an ambiguous one with status 2xx means that the address is wrong."""
        detail = self._mask(answer.detail)
        if isinstance(answer, Ambiguous) and answer.status is not None and is_success(answer.status):
            return ConfigurationError(f"The service at {self.base_url} does not answer like CleverTap: {detail}")
        return to_exception(replace(answer, detail=detail))
