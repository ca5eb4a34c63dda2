"""The tab of a task in a real Airflow: what a person sees of a load that failed, mends, and starts again."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.system.browser import screenshots

pytest.importorskip("playwright", reason="Playwright is not installed: make test-ui installs it")

from playwright.sync_api import expect

from scripts.local_airflow import ACCOUNT_ID, PASSCODE, PYTHON, background, connection_to, free_port
from tests.system.browser.clicking import TriggerForm, final_states, open_log, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

DAG, TASK = "one_off_load", "load_profiles"
CONNECTION = "clevertap_of_the_report"
ROWS = 3_000
USERS = {"reader": "viewer", "nobody": ""}


@pytest.fixture(scope="module")
def failed_run(airflow_ui: Any, clevertap: str, directory: Path) -> str:
    """Load a file with bad rows; return the id of the run, whose task has failed."""
    airflow_ui.have_connection(CONNECTION, **connection_to(clevertap))
    source = directory / "people.csv"
    with source.open("w") as file:
        file.write("id,mail,born,town\n")
        for row in range(ROWS):
            mail = "somebody.private" if row % 37 == 5 else f"p{row}@example.com"
            born = "31/31/1990" if row % 101 == 7 else "1990-01-31"
            file.write(f"{'' if row % 500 == 9 else f'p-{row}'},{mail},{born},Porto\n")
    conf = {
        "source": str(source),
        "columns": {"id": "identity", "mail": "Email", "born": {"name": "DOB", "format": "yyyy-MM-dd"}, "town": "City"},
        "conn_id": CONNECTION,
        "max_rejects": "0",
    }
    airflow_ui.wait_for_dag(DAG)
    run = airflow_ui.trigger(DAG, conf)
    assert run.state == "failed"
    return str(run.run_id)


def open_report(page: Any, run: str) -> Any:
    """Open the tab as a person does; return what it shows."""
    open_log(page, DAG, run, TASK)
    page.get_by_role("link", name="CleverTap report").click()
    return report_in(page)


def report_in(page: Any) -> Any:
    main = page.frame_locator("iframe[title='CleverTap report']").locator("main:not([aria-busy])")
    expect(main).to_be_visible()
    return main


def hide_directory(report: Any, directory: Path) -> None:
    """Write another directory in the place of this one, so that the picture in the README shows no machine's."""
    report.evaluate(
        """(main, directory) => {
            const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                texts.currentNode.data = texts.currentNode.data.replaceAll(directory, "/opt/airflow");
            }
        }""",
        str(directory),
    )


def test_a_failed_load_is_understood_mended_and_loaded_again(page: Any, failed_run: str, directory: Path) -> None:
    report = open_report(page, failed_run)
    expect(report.get_by_role("heading", level=1)).to_contain_text(f"of {ROWS:,} rows accepted, ")
    reasons = report.get_by_role("table", name="Reasons")
    expect(reasons.get_by_role("row").filter(has_text="mail").filter(has_text="515")).to_contain_text("6, 43, 80")
    expect(reasons.get_by_role("row").filter(has_text="born")).to_be_visible()
    assert "somebody" not in report.inner_text()
    hide_directory(report, directory)
    screenshots.take_page("report-of-a-load", page, 1440, 1260)
    page.reload()
    report = report_in(page)

    rejects = Path(report.get_by_label("path of the rejects file", exact=True).inner_text())
    with rejects.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        number = row["clevertap_row"]
        row.update(id=f"mended-{number}", mail=f"mended{number}@example.com", born="1990-01-31")
    with rejects.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    conf = json.loads(report.get_by_label("entries for the new run", exact=True).inner_text())
    assert conf["source"] == str(rejects)
    assert conf["conn_id"] == CONNECTION, "the other entries stay"
    form = TriggerForm(page, DAG)
    form.open("Advanced Options")
    form.write_json(json.dumps(conf))
    run = form.trigger()
    assert final_states(page, DAG, run)[TASK] == "success"
    report = open_report(page, run)
    expect(report.get_by_role("heading", level=1)).to_have_text(f"{len(rows)} of {len(rows)} rows accepted")


def test_it_is_dark_as_airflow_is(page: Any, failed_run: str) -> None:
    page.add_init_script("localStorage.setItem('theme', 'dark')")
    open_report(page, failed_run)
    root = page.frame_locator("iframe[title='CleverTap report']").locator("html")
    expect(root).to_have_attribute("data-theme", "dark")


def test_a_running_load_shows_its_progress(page: Any, airflow_ui: Any, clevertap: str, directory: Path) -> None:
    source = directory / "many_people.csv"
    source.write_text("id,town\n" + "".join(f"m-{row},Porto\n" for row in range(120_000)))
    # Most requests are answered at once; the others are held until the test has seen the load running.
    fault = [{"do": "delay", "seconds": 600, "skip": 70}]
    httpx.post(f"{clevertap}/admin/faults", json=fault).raise_for_status()
    conf = {"source": str(source), "columns": {"id": "identity", "town": "City"}, "conn_id": CONNECTION}
    run = airflow_ui.request(f"dags/{DAG}/dagRuns", logical_date=None, conf=conf)["dag_run_id"]
    try:
        instance = f"/api/v2/dags/{DAG}/dagRuns/{quote(run, safe='')}/taskInstances/{TASK}"
        wait_for(
            lambda: page.request.get(f"{instance}/xcomEntries/clevertap_report").ok, "the report of a running load"
        )
        report = open_report(page, run)
        expect(report.get_by_text("of the source read")).to_be_visible()
        expect(report.get_by_role("heading", level=1)).to_contain_text("accepted so far")
        expect(report.get_by_role("img", name=re.compile("^Rows per second"))).to_be_visible()
        screenshots.take_page("report-of-a-running-load", page, 1440, 900)
    finally:
        httpx.delete(f"{clevertap}/admin/faults").raise_for_status()
        change = {"new_state": "failed"}
        page.request.patch(instance, data=change)  # the held answers would come after ten minutes
    expect(report.get_by_text("of the source read")).to_have_count(0)


def test_an_export_shows_what_it_has_written(page: Any, airflow_ui: Any, clevertap: str, directory: Path) -> None:
    airflow_ui.have_connection("clevertap_default", **connection_to(clevertap))
    noon = int(datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp())
    event = {"type": "event", "evtName": "Catalogue Opened", "ts": noon, "evtData": {"Pages": 3}}
    headers = {"X-CleverTap-Account-Id": ACCOUNT_ID, "X-CleverTap-Passcode": PASSCODE}
    events = {"d": [{**event, "identity": f"e-{row}"} for row in range(40)]}
    httpx.post(f"{clevertap}/1/upload", json=events, headers=headers).raise_for_status()
    output = directory / "exported"
    airflow_ui.wait_for_dag("one_off_export")
    conf = {"events": ["Catalogue Opened"], "start": "2026-01-15", "end": "2026-01-16", "output": str(output)}
    run = airflow_ui.trigger("one_off_export", conf)
    open_log(page, "one_off_export", run.run_id, "export_events")
    page.get_by_role("link", name="CleverTap report").click()
    report = report_in(page)
    expect(report.get_by_role("heading", level=1)).to_have_text("40 rows exported")
    expect(report.get_by_label("output of the export", exact=True)).to_have_text(str(output))


def test_the_details_of_a_task_link_to_its_report(page: Any, failed_run: str, airflow_ui: Any) -> None:
    run = f"/dags/{DAG}/runs/{quote(failed_run, safe='')}"
    links = page.request.get(f"/api/v2/dags/{DAG}/dagRuns/{quote(failed_run, safe='')}/taskInstances/{TASK}/links")
    address = links.json()["extra_links"]["CleverTap report"]
    assert address.startswith(airflow_ui.address)
    page.goto(f"{run}/tasks/{TASK}/details")
    expect(page.get_by_role("link", name="CleverTap report").and_(page.locator(f"[href='{address}']"))).to_be_visible()
    page.goto(address)
    expect(report_in(page).get_by_role("heading", level=1)).to_contain_text("rows accepted")


def test_a_task_of_another_kind_has_no_report(page: Any, failed_run: str) -> None:
    open_log(page, DAG, failed_run, "choose_kind")
    page.get_by_role("link", name="CleverTap report").click()
    expect(report_in(page).get_by_text("There is no report.")).to_be_visible()


@pytest.fixture(scope="module")
def server_with_login(airflow_ui: Any, directory: Path) -> Iterator[str]:
    """Run a second API server of the same Airflow, on which users log in; yield its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **airflow_ui.environment,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(directory / "passwords.json"),
    }
    command = [PYTHON, "-m", "airflow", "api-server", "--port", str(port)]
    with background(command, environment, directory / "api-server.log", stop_seconds=30):

        def is_ready() -> bool:
            try:
                return httpx.get(f"{address}/api/v2/monitor/health").is_success
            except httpx.HTTPError:
                return False

        wait_for(is_ready, "the API server with a login", 300)
        yield address


def log_in(page: Any, address: str, directory: Path, user: str) -> None:
    password = json.loads((directory / "passwords.json").read_text())[user]
    page.context.clear_cookies()
    page.goto(f"{address}/auth/login")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    deadline = time.monotonic() + 60
    while not any(cookie["name"] == "_token" for cookie in page.context.cookies()) and time.monotonic() < deadline:
        page.wait_for_timeout(200)


def page_of(address: str, run: str) -> str:
    return f"{address}/clevertap/report.html?dag_id={DAG}&run_id={quote(run, safe='')}&task_id={TASK}&map_index=-1"


def test_a_reader_sees_it(page: Any, server_with_login: str, failed_run: str, directory: Path) -> None:
    log_in(page, server_with_login, directory, "reader")
    page.goto(page_of(server_with_login, failed_run))
    expect(page.get_by_role("heading", level=1)).to_contain_text("rows accepted")


def test_without_the_right_nothing_is_seen(page: Any, server_with_login: str, failed_run: str, directory: Path) -> None:
    page.context.clear_cookies()  # the other server has the same host
    page.goto(page_of(server_with_login, failed_run))
    expect(page.get_by_text("You are not logged in")).to_be_visible()
    log_in(page, server_with_login, directory, "nobody")
    page.goto(page_of(server_with_login, failed_run))
    expect(page.get_by_text("You may not see this report")).to_be_visible()
    assert "rejects" not in page.content()
