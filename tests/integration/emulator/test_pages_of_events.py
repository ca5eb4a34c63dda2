"""Pages of an export of events: their size, their cursors, and what goes wrong with them."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import DAYS, NOVEMBER_1, begin, exported, prices, read_page, walk


@pytest.mark.parametrize(("batch_size", "largest"), [("100", 92), ("23", 23), ("5000", 300), ("5", 300), (None, 300)])
def test_pages_take_the_same_number_of_rows_from_each_of_23_buckets(
    api: httpx.Client, many_views: int, batch_size: str | None, largest: int
) -> None:
    pages = walk(api, params=f"batch_size={batch_size}" if batch_size else "")
    assert max(map(len, pages)) == largest
    assert prices([record for page in pages for record in page]) == list(range(many_views))


def test_short_pages_do_not_end_an_export(api: httpx.Client, upload: Any, event: Any) -> None:
    upload(*(event(ts=NOVEMBER_1, data={"Price": n}) for n in range(5)))
    assert [prices(page) for page in walk(api, params="batch_size=45")] == [[0], [1], [2], [3], [4]]


def test_a_small_batch_size_is_ignored(api: httpx.Client, upload: Any, event: Any) -> None:
    for start in (0, 1000):
        upload(*(event(identity=f"c-{n}", ts=NOVEMBER_1, data={"Price": n}) for n in range(start, start + 1000)))
    sizes = [len(page) for page in walk(api, params="batch_size=5")]
    assert sizes[:2] == [989, 989]
    assert sum(sizes) == 2000


def test_cursors_are_encoded_and_keep_their_position(api: httpx.Client, many_views: int) -> None:
    cursor = begin(api, params="batch_size=23")["cursor"]
    assert re.fullmatch(r"[A-Za-z0-9%_\-.~]{1500,2400}", cursor)
    assert "%" in cursor
    first, again = read_page(api, cursor), read_page(api, cursor)
    assert first == again
    assert read_page(api, first["next_cursor"])["records"] != first["records"]
    decoded = unquote(cursor)
    assert api.get("/1/events.json", params={"cursor": decoded}).json() == first
    assert read_page(api, decoded) == first
    assert api.post(f"/1/events.json?cursor={cursor}").json() == first


def test_cursors_that_were_not_issued(api: httpx.Client, many_views: int) -> None:
    cursor = begin(api)["cursor"]
    wrong_usage = {"status": "fail", "error": "Incorrect Usage", "code": 3}
    for text in (quote(cursor), cursor[:-8] + "AAAA" + cursor[-4:], cursor[:600], "abc", "", "%00", "A" * 2000):
        answer = api.get(f"/1/events.json?cursor={text}")
        assert (answer.status_code, answer.json()) == (200, wrong_usage), text


@pytest.mark.parametrize("batch_size", ["0", "5001", "-1", "many", ""])
def test_a_batch_size_is_1_to_5000(api: httpx.Client, many_views: int, batch_size: str) -> None:
    assert "batch_size" in begin(api, params=f"batch_size={batch_size}")["error"]


def test_a_page_that_is_not_ready(api: httpx.Client, many_views: int, emulator: RunningEmulator) -> None:
    emulator.change_settings(pages_not_ready=2)
    cursor = begin(api, params="batch_size=100")["cursor"]
    waiting = {"status": "fail", "error": "Request still in progress, please retry later", "code": 2}
    for _ in range(2):
        answers = [read_page(api, cursor) for _ in range(3)]
        assert answers[:2] == [waiting] * 2
        assert len(answers[2]["records"]) == 92
        cursor = answers[2]["next_cursor"]


@pytest.mark.parametrize("setting", ["cursor_life", "cursor_idle"])
def test_cursors_die(api: httpx.Client, many_views: int, emulator: RunningEmulator, setting: str) -> None:
    cursor = begin(api)["cursor"]
    emulator.change_settings(**{setting: 0.01})
    time.sleep(0.02)
    assert read_page(api, cursor)["code"] == "CURSOR_INVALIDATED"
    emulator.reset()
    emulator.change_settings(**{setting: 3600})
    assert read_page(api, cursor)["code"] == "CURSOR_INVALIDATED"


def test_a_cursor_that_dies_on_the_way_ends_the_whole_export(
    api: httpx.Client, many_views: int, emulator: RunningEmulator
) -> None:
    emulator.inject({"do": "invalidate_cursor", "skip": 1, "times": 1})
    first = begin(api, params="batch_size=100")["cursor"]
    second = read_page(api, first)["next_cursor"]
    for cursor in (second, first):
        assert read_page(api, cursor) == {
            "status": "fail",
            "error": "Cursor is no longer valid",
            "code": "CURSOR_INVALIDATED",
        }
    assert prices(exported(api)) == list(range(many_views))


def test_the_last_cursor_may_be_empty(api: httpx.Client, many_views: int, emulator: RunningEmulator) -> None:
    emulator.change_settings(last_cursor="empty")
    assert read_page(api, begin(api)["cursor"])["next_cursor"] == ""
    assert prices(exported(api)) == list(range(many_views))


def test_an_empty_page_goes_on(api: httpx.Client, many_views: int, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "empty_page", "every": 2})
    pages = walk(api, params="batch_size=100")
    assert [bool(page) for page in pages][:4] == [True, False, True, False]
    assert prices([record for page in pages for record in page]) == list(range(many_views))


def test_faults_of_pages(api: httpx.Client, many_views: int, emulator: RunningEmulator) -> None:
    emulator.inject(
        {"do": "repeat_cursor", "times": 1},
        {"do": "null_time", "times": 1},
        {"do": "without_fields", "fields": ["cursor"], "method": "POST"},
        {"do": "without_fields", "fields": ["next_cursor"], "method": "GET"},
    )
    assert begin(api) == {"status": "success"}
    cursor = api.get("/1/events.json", params={"batch_size": 100, "query": json.dumps(DAYS)}).json()["cursor"]
    repeated, without_time, truncated = (read_page(api, cursor) for _ in range(3))
    assert repeated["next_cursor"] == cursor
    assert [one["ts"] is None for one in without_time["records"]] == [True] + [False] * 91
    assert without_time["next_cursor"]
    assert truncated == {name: repeated[name] for name in ("status", "records")}
    assert api.post("/1/upload", json={"d": [{}]}).json()["unprocessed"]


def test_events_that_arrive_during_an_export_are_in_the_next_one(
    api: httpx.Client, many_views: int, upload: Any, event: Any
) -> None:
    cursor = begin(api, params="batch_size=5000")["cursor"]
    upload(event(ts=NOVEMBER_1, data={"Price": -1}))
    assert prices(read_page(api, cursor)["records"]) == list(range(many_views))
    assert prices(exported(api))[0] == -1
