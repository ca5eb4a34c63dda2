"""The page of the report in every state of a task, with answers in the place of Airflow's API.

That the page, the plugin and Airflow go together is shown in ``test_report_tab.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.paths import PACKAGE
from tests.system.browser import screenshots
from tests.system.browser.conftest import TIMEOUT_MS

pytest.importorskip("playwright", reason="Playwright is not installed: make test-ui installs it")

from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

FILES = PACKAGE / "plugin" / "static"
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
#: Airflow may be served below a path.
SITE = "http://airflow.test/below"
RUN = "manual__2026-11-26T09:59:36.2+00:00"
PAGE = f"{SITE}/clevertap/report.html?dag_id=shop&run_id={RUN.replace('+', '%2B')}&task_id=load&map_index="
DAG = "/below/api/v2/dags/shop"
TASK = f"{DAG}/dagRuns/{RUN}/taskInstances/load"

LOAD: dict[str, Any] = {
    "kind": "profiles", "rows": 5_000, "accepted": 4_850, "rejected": 40, "invalid": 97, "unconfirmed": 3,
    "skipped": 10, "values_dropped": 0, "requests": 6, "retries": 1, "codes": {"515": 40}, "seconds": 12.4,
    "rows_per_second": 403.2, "resumed_from_row": None, "dry_run": None, "rejects_path": "s3://files/rejects.csv",
    "report_path": "s3://files/report.json", "rejects_rows": 140,
    "reasons": [
        {"outcome": "invalid", "code": None, "column": "points", "reason": "not a whole number", "rows": 97,
         "first_rows": [4, 9, 1_200], "file": None},
        {"outcome": "rejected", "code": 515, "column": "<b>mail</b>", "reason": "Email is not an address; correct it",
         "rows": 40, "first_rows": [7], "file": "b.csv"},
    ],
    "further_reasons": {"reasons": 2, "rows": 3},
}  # fmt: skip
EXPORT: dict[str, Any] = {
    "kind": "events", "rows": 1_234, "files": 3, "partitions": 4, "empty": 1, "trimmed": 0, "without_time": 0,
    "resumed": 0, "superseded": 0, "restarts": 0, "requests": 9, "retries": 0, "unfit": {"Price": 5}, "seconds": 3.2,
    "output": "s3://lake/events", "manifest": "s3://lake/events/manifest.json", "from": "2026-11-01T00:00:00+05:30",
    "to": "2026-11-02T00:00:00+05:30", "timezone": "Asia/Kolkata", "not_exportable": ["App Installed"],
}  # fmt: skip
RATE = [[second, 400 * second + (second % 3) * 90] for second in range(13)]
BEGAN = 1_795_687_180


def report(facts: dict[str, Any] = LOAD, **more: Any) -> dict[str, Any]:
    progress = {"share": 1.0, "rate": RATE, "attempts": [[1, BEGAN], [2_001, BEGAN + 60]], "complete": True}
    return {"version": 1, "facts": facts, "source": "/data/shop.csv", **progress, "failure": None, **more}


def task(state: str | None = "success", operator: str = "CleverTapUploadProfilesOperator") -> dict[str, Any]:
    return {
        "state": state, "try_number": 2, "map_index": -1, "operator_name": operator, "start_date": moment(58),
        "end_date": moment(75), "duration": 17.0, "rendered_fields": {"source": "/data/shop.csv"},
    }  # fmt: skip


def moment(seconds: int) -> str:
    """Return a time as Airflow writes it, from the beginning of the first attempt."""
    return datetime.fromtimestamp(BEGAN + seconds, UTC).isoformat().replace("+00:00", "Z")


class Site:
    """Answers of an Airflow, by their paths; everything else is not found."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.answers: dict[str, Any] = {}
        self.status = 200
        page.route("**/*", self._answer)

    def have(self, xcoms: dict[str, Any], instance: dict[str, Any], map_index: int = -1) -> None:
        first = {**instance, "state": "failed", "try_number": 1, "start_date": moment(-2), "end_date": moment(20)}
        entries = [{"key": key, "map_index": map_index} for key in xcoms]
        path = TASK if map_index < 0 else f"{TASK}/{map_index}"
        self.answers = {
            path: instance,
            f"{path}/tries": {"task_instances": [first, instance]},
            f"{TASK}/xcomEntries": {"xcom_entries": entries},
            **{f"{TASK}/xcomEntries/{key}": {"value": value} for key, value in xcoms.items()},
            f"{DAG}/dagRuns/{RUN}": {"conf": {"source": "/data/shop.csv", "limit": 5}},
            f"{DAG}/details": {"params": {"source": {"value": "/data/default.csv"}}},
        }

    def open(self, map_index: str = "{MAP_INDEX}") -> Any:
        self.page.goto(PAGE + map_index)
        expect(self.page.locator("main:not([aria-busy])")).to_be_visible()
        return self.page.locator("main")

    def _answer(self, route: Any) -> None:
        path = unquote(urlsplit(route.request.url).path)
        name = path.removeprefix("/below/clevertap/")
        if (FILES / name).is_file():
            kind = KINDS[(FILES / name).suffix]
            route.fulfill(body=(FILES / name).read_bytes(), headers={"content-type": kind})
        elif self.status != 200:
            route.fulfill(status=self.status, json={"detail": "no"})
        elif path in self.answers:
            route.fulfill(json=self.answers[path])
        else:
            route.fulfill(status=404, json={"detail": "Not Found"})


@pytest.fixture
def site(browser: Any, directory: Any) -> Iterator[Site]:
    context = browser.new_context(viewport={"width": 1100, "height": 1400})
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    yield Site(context.new_page())
    expect.set_options(timeout=TIMEOUT_MS)
    context.close()


def test_a_load_with_failed_rows(site: Site) -> None:
    site.have({"clevertap_report": report(), "return_value": LOAD}, task())
    main = site.open()
    expect(main.get_by_role("heading", level=1)).to_have_text("4,850 of 5,000 rows accepted, 140 failed (2.8 %)")
    bar = main.get_by_role("img", name="4,850 accepted, 40 rejected, 97 invalid, 3 unconfirmed, 10 skipped")
    expect(bar.locator(".part")).to_have_count(5)
    expect(main.get_by_role("row", name=re.compile("^invalid 97 1.9 %"))).to_be_visible()
    reasons = main.get_by_role("table", name="Reasons")
    expect(reasons.get_by_role("row")).to_have_count(3)
    expect(reasons.get_by_text("<b>mail</b>")).to_be_visible()  # names of columns are text, never HTML
    expect(reasons.get_by_text("4, 9, 1,200, ...")).to_be_visible()
    expect(main.get_by_text("2 further reasons of 3 rows")).to_be_visible()
    expect(main.get_by_label("path of the rejects file", exact=True)).to_have_text("s3://files/rejects.csv")
    conf = main.get_by_label("entries for the new run", exact=True).inner_text()
    assert json.loads(conf) == {"source": "s3://files/rejects.csv", "limit": 5}
    expect(main.get_by_text("3 rows may be in CleverTap already")).to_be_visible()
    expect(main.get_by_role("img", name=re.compile("^Rows per second over 12 s"))).to_be_visible()
    attempts = main.get_by_role("table", name="Attempts")
    expect(attempts.get_by_role("row").nth(1)).to_contain_text("row 1")
    expect(attempts.get_by_role("row").nth(2)).to_contain_text("resumed at row 2,001")


def test_a_load_whose_source_is_no_entry_of_the_form(site: Site) -> None:
    site.have({"clevertap_report": report()}, {**task(), "rendered_fields": {"source": "/data/2026-11-26.csv"}})
    conf = site.open().get_by_label("entries for the new run", exact=True).inner_text()
    assert json.loads(conf) == {"source": "s3://files/rejects.csv"}
    expect(site.page.get_by_text("one_off_load")).to_be_visible()


def test_a_clean_load_has_nothing_to_mend(site: Site) -> None:
    clean = {**LOAD, "rejected": 0, "invalid": 0, "unconfirmed": 0, "accepted": 4_990, "rejects_rows": 0, "reasons": []}
    site.have({"clevertap_report": report(clean)}, task())
    main = site.open()
    expect(main.get_by_role("heading", level=1)).to_have_text("4,990 of 5,000 rows accepted")
    expect(main.get_by_text("Mend and load again")).to_have_count(0)
    expect(main.get_by_text("Why", exact=True)).to_have_count(0)


def test_a_running_load_shows_its_progress_and_then_its_end(site: Site) -> None:
    site.have({"clevertap_report": report(share=0.42, complete=None)}, task("running"))
    main = site.open()
    expect(main.get_by_text("42 % of the source read")).to_be_visible()
    expect(main.get_by_role("heading", level=1)).to_contain_text("accepted so far")
    expect(main.get_by_text("Mend and load again")).to_have_count(0)
    main.get_by_text("As a table").focus()
    site.page.keyboard.press("Enter")
    site.have({"clevertap_report": report()}, task("success"))
    expect(main.get_by_text("Mend and load again")).to_be_visible()
    expect(main.locator("details")).to_have_attribute("open", "")  # what the reader has opened stays open


@pytest.mark.parametrize(
    ("xcoms", "state", "shown"),
    [
        ({}, "running", "Its report comes a few seconds after"),
        ({}, None, "The task has not started yet"),
        ({}, "failed", "The task failed before its work had begun"),
        ({}, "skipped", "The task did not run"),
        ({}, "success", "The task has no report"),
        ({"return_value": "s3://xcoms/1.json"}, "success", "The task has no report"),
        (
            {"clevertap_report": report(complete=False, failure="Connection 'a': CleverTap rejected the passcode")},
            "failed",
            "It ended early: Connection 'a': CleverTap rejected the passcode",
        ),
        ({"clevertap_report": report(complete=None)}, "failed", "The task was stopped or killed"),
        ({"return_value": {"rows": 5, "manifest": "s3://a"}}, "success", "s3://a"),
    ],
    ids=["running", "waiting", "failed", "skipped", "no-xcom", "backend", "ended-early", "killed", "other-facts"],
)
def test_other_states_are_explained(site: Site, xcoms: dict[str, Any], state: str | None, shown: str) -> None:
    site.have(xcoms, task(state))
    expect(site.open().get_by_text(shown)).to_be_visible()


def test_the_summary_of_an_older_version(site: Site) -> None:
    old = {name: value for name, value in LOAD.items() if name not in ("reasons", "further_reasons")}
    site.have({"return_value": json.dumps(old)}, task())
    main = site.open()
    expect(main.get_by_role("heading", level=1)).to_contain_text("4,850 of 5,000 rows")
    expect(main.get_by_text("An older version of the package wrote this summary")).to_be_visible()
    expect(main.get_by_role("row", name="515 40")).to_be_visible()


def test_a_task_of_another_package_has_no_report(site: Site) -> None:
    site.have({"return_value": {"rows": 5}}, task(operator="BashOperator"))
    expect(site.open().get_by_text("There is no report.")).to_be_visible()


def test_an_export_has_its_own_facts(site: Site) -> None:
    site.have({"clevertap_report": report(EXPORT)}, task(operator="CleverTapExportEventsOperator"))
    main = site.open()
    expect(main.get_by_role("heading", level=1)).to_have_text("1,234 rows exported")
    expect(main.get_by_label("output of the export", exact=True)).to_have_text("s3://lake/events")
    expect(main.get_by_text("Events that CleverTap does not export: App Installed")).to_be_visible()
    expect(main.get_by_role("row", name="Price 5")).to_be_visible()
    screenshots.take("report-of-an-export", main)


@pytest.mark.parametrize(
    ("state", "failure", "shown", "not_shown"),
    [
        ("up_for_retry", "it is full", "continues with the partitions that are not finished", "where this one ended"),
        ("failed", None, "Clear the task to export everything again.", "where this one ended"),
    ],
)
def test_an_export_that_ended_early_says_how_exports_go_on(
    site: Site, state: str, failure: str | None, shown: str, not_shown: str
) -> None:
    ended = report(
        {**EXPORT, "seconds": 119.6}, attempts=[], complete=None if failure is None else False, failure=failure
    )
    site.have({"clevertap_report": ended}, task(state, operator="CleverTapExportEventsOperator"))
    main = site.open()
    expect(main.get_by_text(shown)).to_be_visible()
    expect(main.get_by_text(not_shown)).to_have_count(0)
    expect(main.get_by_text("2:00 min")).to_be_visible()
    attempts = main.get_by_role("table", name="Attempts")
    expect(attempts.get_by_role("columnheader")).to_have_text(["Attempt", "Ended as", "Began", "Took"])
    expect(main.get_by_text("A load that resumes")).to_have_count(0)


def test_several_loads_of_one_task_are_all_shown(site: Site) -> None:
    second = report({**LOAD, "kind": "events", "accepted": 1, "rows": 151})
    site.have({"clevertap_report": report(), "clevertap_report_2": second}, task(operator="@task"))
    expect(site.open().get_by_role("heading", level=1)).to_have_count(2)


def test_an_instance_of_a_mapped_task_has_its_own_report(site: Site) -> None:
    site.have({"clevertap_report": report()}, {**task(), "map_index": 3}, map_index=3)
    expect(site.open("3").get_by_role("heading", level=1)).to_contain_text("4,850 of 5,000")


def test_a_mapped_task_as_a_whole_says_where_the_reports_are(site: Site) -> None:
    site.answers = {f"{TASK}/listMapped": {"total_entries": 4}}
    expect(site.open().get_by_text("This task is mapped: it has 4 instances.")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "shown"), [(401, "You are not logged in"), (403, "You may not see this report"), (500, "HTTP 500")]
)
def test_who_may_not_see_it_sees_a_message_only(site: Site, status: int, shown: str) -> None:
    site.have({"clevertap_report": report()}, task("running"))
    main = site.open()
    expect(main.get_by_text("accepted so far")).to_be_visible()
    site.status = status  # as when the session ends while the page is open
    expect(main.get_by_text(shown)).to_be_visible()
    assert "rejects" not in main.inner_text()
    assert "4,850" not in site.page.content()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_dark_where_the_system_is(site: Site, theme: Any) -> None:
    site.have({"clevertap_report": report()}, task())
    site.page.emulate_media(color_scheme=theme)
    site.open()
    ground = site.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (theme == "light")


def test_a_narrow_window_cuts_nothing_off(site: Site) -> None:
    site.have({"clevertap_report": report()}, task())
    site.page.set_viewport_size({"width": 360, "height": 1400})
    site.open()
    assert site.page.evaluate("document.documentElement.scrollWidth") <= 360
    screenshots.take("report-narrow", site.page)


def test_everything_can_be_reached_and_copied_with_the_keyboard(site: Site) -> None:
    site.have({"clevertap_report": report()}, task())
    site.open()
    site.page.evaluate("document.execCommand = () => { window.copied = String(getSelection()); return true; }")
    reached: list[str] = []
    for _ in range(30):
        site.page.keyboard.press("Tab")
        reached.append(site.page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''"))
        if reached[-1] == "Copy path of the rejects file":
            site.page.keyboard.press("Enter")
            break
    expect(site.page.get_by_role("button", name="Copy path of the rejects file")).to_have_text("Copied")
    assert {"Rows by their outcome", "Reasons", "path of the rejects file"} <= set(reached)
