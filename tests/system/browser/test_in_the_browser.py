"""The form of the connection and that of a load, filled in in a real browser.

The tests depend on their order, like the steps of a user: the load uses the connection created before it.
"""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.browser import screenshots

pytest.importorskip("playwright", reason="Playwright is not installed: make test-ui installs it")

from playwright.sync_api import expect

from scripts.local_airflow import ACCOUNT_ID, PASSCODE
from tests.system.browser.clicking import (
    RUN_TIMEOUT,
    ConnectionForm,
    TriggerForm,
    clear_task,
    connection_row,
    entries_of,
    final_states,
    open_log,
    task_of,
    wait_for,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

DAG = "one_off_load"
CONNECTION = "clevertap_from_ui"
KILLED_ROWS = 60_000
MAPPING = '{"id": "identity", "mail": "Email", "town": "City"}'


@pytest.fixture
def people(tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    path.write_text(
        "id,mail,town,shoe\nu-1,ana@example.com,Porto,38\nu-2,bo@example.com,Oslo,44\nu-3,cy@example.com,Rome,41\n"
    )
    return str(path)


def add_connection(page: Any, clevertap: str, conn_id: str, passcode: str) -> ConnectionForm:
    form = ConnectionForm(page)
    form.choose_type("CleverTap")
    form.fill(connection_id=conn_id, host=clevertap, login=ACCOUNT_ID, password=passcode)
    form.fill(port=clevertap.rpartition(":")[2])
    return form


def test_a_connection_is_created_and_tested(page: Any, clevertap: str, airflow_ui: Any) -> None:
    form = add_connection(page, clevertap, CONNECTION, PASSCODE)
    required = ["Account ID (required)", "Passcode (required)"]
    assert form.labels()[3:] == ["Base URL (instead of a region)", *required, "Port"]
    expect(form.dialog.locator("input[name=password]")).to_have_attribute("type", "password")
    screenshots.take("connection-standard-fields", form.dialog)
    form.dialog.get_by_role("button", name="Extra Fields", exact=True).click()
    for label in ("Maximum requests in flight", "Timeout (seconds)", "Compress requests"):
        expect(form.dialog.get_by_text(label, exact=True)).to_be_visible()
    form.fill(element_max_in_flight="4")
    form.dialog.get_by_role("button", name="Region (required unless there is a Base URL)", exact=True).click()
    expect(form.dialog.get_by_text("Region", exact=True)).to_be_visible()
    form.dialog.get_by_role("combobox").last.click()
    expect(form.dialog.get_by_role("option", name="in1: India")).to_be_visible()
    screenshots.take("connection-extra-fields", form.dialog)
    form.dialog.get_by_role("option", name="in1: India").click()  # the base URL has precedence
    form.save()

    row = connection_row(page, CONNECTION)
    row.get_by_role("button", name="Test Connection").click()
    expect(page.get_by_text("CleverTap accepts the account and passcode.")).to_be_visible()
    screenshots.take_page("connection-tested", page, 1280, 420)

    (stored,) = json.loads(airflow_ui.command("connections", "get", CONNECTION, "-o", "json"))
    assert (stored["conn_type"], stored["host"]) == ("clevertap", clevertap)
    assert (stored["login"], stored["password"]) == (ACCOUNT_ID, PASSCODE)
    extra = page.request.get(f"/api/v2/connections/{CONNECTION}").json()["extra"]
    assert json.loads(extra) == {
        "region": "in1", "max_in_flight": 4, "timeout": None, "gzip": None, "project_timezone": None,
    }  # fmt: skip


def test_the_form_of_a_saved_connection_shows_no_passcode(page: Any) -> None:
    row = connection_row(page, CONNECTION)
    row.get_by_role("button", name="Edit Connection").click()
    expect(page.locator("input[name=login]")).to_have_value(ACCOUNT_ID)
    expect(page.locator("input[name=password]")).to_have_value("***")
    assert PASSCODE not in page.content()
    assert PASSCODE not in page.request.get(f"/api/v2/connections/{CONNECTION}").text()


def test_a_wrong_passcode_is_reported(page: Any, clevertap: str) -> None:
    add_connection(page, clevertap, "with_wrong_passcode", "not-the-passcode").save()
    row = connection_row(page, "with_wrong_passcode")
    row.get_by_role("button", name="Test Connection").click()
    expect(page.get_by_text(f"CleverTap rejected account {ACCOUNT_ID}")).to_be_visible()
    expect(page.get_by_text("Check the passcode")).to_be_visible()
    screenshots.take_page("connection-refused", page, 1280, 560)


def test_a_load_is_started_from_the_form(page: Any, clevertap: str, people: str) -> None:
    form = TriggerForm(page, DAG)
    expect(form.field("source")).to_have_value(re.compile(r"customers\.csv$"))
    screenshots.take("trigger-what", form.dialog)
    form.field("source").fill(people)
    form.open("Columns")
    form.write_json(MAPPING)
    screenshots.take("trigger-columns", form.dialog)
    form.field("default_country").fill("")
    form.open("How to load")
    form.field("conn_id").fill(CONNECTION)
    screenshots.take("trigger-how", form.dialog)
    run = form.trigger()

    states = final_states(page, DAG, run)
    assert states[run] == "success"
    assert states["load_profiles"] == "success"
    assert states["load_events"] == states["load_device_tokens"] == "skipped"
    entries = entries_of(page, DAG, run)
    assert (entries["columns"], entries["default_country"], entries["event_name"]) == (json.loads(MAPPING), None, None)
    page.reload()
    expect(page.get_by_role("row").filter(has_text="load_profiles").get_by_text("Success")).to_be_visible()
    screenshots.take_page("run-succeeded", page, 1600, 700)
    open_log(page, DAG, run, "load_profiles")
    expect(page.get_by_text(re.compile("3 accepted|accepted.*3")).first).to_be_visible()
    screenshots.take_page("log-of-a-load", page, 1800, 480)

    stored = httpx.get(f"{clevertap}/admin/profiles").json()
    assert {"u-1", "u-2", "u-3"} <= set(re.findall(r"u-\d", json.dumps(stored)))
    page.goto(clevertap)
    for text in ("u-3", "cy@example.com", "Rome"):
        expect(page.get_by_text(text).first).to_be_visible()
    assert "shoe" not in page.content()
    screenshots.take_page("clevertap-page", page, 1280, 640)


def test_the_form_rejects_invalid_entries(page: Any, people: str) -> None:
    form = TriggerForm(page, DAG)
    form.open("How to load")
    form.field("max_rejects").fill("1.0")
    form.button.click()
    expect(page.get_by_text("does not match").first).to_be_visible()
    form.field("max_rejects").fill("100%")

    form.open("Columns")
    form.field("default_country").fill("Great Britain")
    form.button.click()
    expect(page.get_by_text("does not match").first).to_be_visible()
    screenshots.take_page("trigger-refused", page, 1280, 640)
    form.field("default_country").fill("GB")

    form.write_json('{"id": identity}')
    expect(form.dialog.get_by_text("SyntaxError")).to_be_visible()
    expect(form.button).to_be_disabled()


def test_errors_that_only_the_task_finds_are_in_its_log(page: Any, people: str) -> None:
    form = TriggerForm(page, DAG)
    form.choose("kind", "Events")
    form.field("source").fill(people)
    form.field("event_name").fill("Shoe Bought")
    form.open("Columns")
    form.write_json('{"id": "identity", "bought_at": "ts"}')
    form.open("How to load")
    form.field("conn_id").fill(CONNECTION)
    run = form.trigger()
    assert final_states(page, DAG, run)["load_events"] == "failed"
    open_log(page, DAG, run, "load_events")
    expect(page.get_by_text("no column 'bought_at'").first).to_be_visible()
    screenshots.take_page("log-of-a-bad-entry", page, 1800, 560)


def test_a_killed_load_resumes_when_its_task_is_cleared(page: Any, clevertap: str, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    many.write_text("id,mail,town\n" + "".join(f"k-{row},k{row}@example.com,Porto\n" for row in range(KILLED_ROWS)))
    before = httpx.get(f"{clevertap}/admin/stats").json()
    # The first requests are answered at once. The others are delayed, so that the load is running when it is killed.
    delays = [{"do": "delay", "seconds": 600, "skip": KILLED_ROWS // 4_000}]
    httpx.post(f"{clevertap}/admin/faults", json=delays).raise_for_status()

    def increase(name: str) -> int:
        now = httpx.get(f"{clevertap}/admin/stats").json()
        return int(
            now["requests"] - before["requests"] if name == "requests" else now["stored"][name] - before["stored"][name]
        )

    form = TriggerForm(page, DAG)
    form.field("source").fill(str(many))
    form.open("Columns")
    form.write_json(MAPPING)
    form.open("How to load")
    form.field("conn_id").fill(CONNECTION)
    run = form.trigger()
    wait_for(lambda: increase("profiles") >= KILLED_ROWS // 4, "a part of the load", RUN_TIMEOUT)
    task = task_of(page, DAG, run, "load_profiles")
    assert task["id"].encode() in Path(f"/proc/{task['pid']}/cmdline").read_bytes()
    os.kill(task["pid"], signal.SIGKILL)
    assert final_states(page, DAG, run)["load_profiles"] == "failed"
    arrived = increase("profiles")
    assert arrived < KILLED_ROWS

    httpx.delete(f"{clevertap}/admin/faults").raise_for_status()
    dialog = clear_task(page, DAG, run, "load_profiles")
    screenshots.take_page("clear-a-load", page, 1280, 640)
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog).to_have_count(0)
    wait_for(lambda: task_of(page, DAG, run, "load_profiles")["try_number"] == 2, "the next attempt", RUN_TIMEOUT)
    assert final_states(page, DAG, run)["load_profiles"] == "success"
    open_log(page, DAG, run, "load_profiles")
    expect(page.get_by_text(re.compile("Resumes at row [0-9,]+, where an earlier attempt ended")).first).to_be_visible()
    screenshots.take_page("log-of-a-resumed-load", page, 1800, 560)
    page.get_by_role("link", name="CleverTap report").click()
    attempts = page.frame_locator("iframe[title='CleverTap report']").get_by_role("table", name="Attempts")
    expect(attempts.get_by_role("row").nth(1)).to_contain_text("row 1")
    expect(attempts.get_by_role("row").nth(2)).to_contain_text(re.compile("resumed at row [0-9,]+"))
    assert increase("profiles") == KILLED_ROWS
    # Rows in flight may have been sent twice: at most five times the requests in flight, which the connection limits.
    assert KILLED_ROWS // 1_000 <= increase("requests") <= KILLED_ROWS // 1_000 + 5 * 4
