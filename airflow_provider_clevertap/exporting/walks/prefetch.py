"""Request the next page while the last one is being written."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Any, Final, TypeVar

from airflow_provider_clevertap.api.deadline import limit_requests
from airflow_provider_clevertap.exporting.walks.stopping import WalkControl

T = TypeVar("T")

#: Seconds after which it is checked again whether the caller still wants pages.
_CHECK_SECONDS: Final = 0.2
_END: Final = object()


def prefetch(pages: Iterable[T], control: WalkControl) -> Generator[T]:
    """Iterate over pages in a thread of its own, one page before the caller. The walk is stopped at the end.

    :param pages: the pages; iterating makes requests.
    :param control: ends the requests, also when the caller wants no more pages.
    """
    arrived: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(maxsize=1)
    unwanted = threading.Event()

    def put(item: Any, error: BaseException | None = None) -> None:
        while not unwanted.is_set():
            with suppress(queue.Full):
                arrived.put((item, error), timeout=_CHECK_SECONDS)
                return

    def fetch() -> None:
        try:
            with limit_requests(control.deadline, math.inf):
                for page in pages:
                    put(page)
                    del page
                    if unwanted.is_set():
                        return
            put(_END)
        except BaseException as error:  # raised again by the caller's thread
            put(_END, error)

    thread = threading.Thread(target=fetch, name="clevertap-export-pages", daemon=True)
    thread.start()
    try:
        while True:
            page, error = arrived.get()
            if error is not None:
                raise error
            if page is _END:
                return
            yield page
            del page
    finally:
        unwanted.set()
        control.stop()
        thread.join()
