"""Actions in Airflow's UI; only this module knows how its forms are built."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from playwright.sync_api import Page, expect

#: Seconds. A run takes ten, and longer on a busy machine.
RUN_TIMEOUT = 300.0
FINAL_STATES = ("success", "failed")


class ConnectionForm:
    """The form below Admin > Connections > Add Connection."""

    def __init__(self, page: Page) -> None:
        page.goto("/connections")
        page.get_by_role("button", name="Add Connection").click()
        self.page = page
        self.dialog = page.get_by_role("dialog")

    def choose_type(self, name: str) -> None:
        self.dialog.get_by_role("combobox").fill(name)
        self.dialog.get_by_role("option", name=name, exact=True).click()

    def fill(self, **texts: str) -> None:
        """Fill standard fields, by the names of the connection's attributes."""
        for name, text in texts.items():
            self.dialog.locator(f"input[name={name}]").fill(text)

    def labels(self) -> list[str]:
        """Return the labels of the standard fields."""
        expect(self.dialog.locator("input[name=password]")).to_be_visible()
        texts = self.dialog.locator("label:visible").all_inner_texts()
        return [text.removesuffix("*").strip() for text in texts]

    def save(self) -> None:
        self.dialog.get_by_role("button", name="Save").click()
        expect(self.dialog).to_have_count(0)


def connection_row(page: Page, conn_id: str) -> Any:
    """Return a connection's row in the list."""
    page.goto("/connections")
    return page.get_by_role("row").filter(has=page.get_by_text(conn_id, exact=True))


class TriggerForm:
    """The form that a DAG's button Trigger opens."""

    def __init__(self, page: Page, dag_id: str) -> None:
        # The page of a DAG that Airflow has not read yet shows an error, and does not update.
        page.goto("/dags")
        wait_for(lambda: page.request.get(f"/api/v2/dags/{dag_id}").ok, f"the DAG {dag_id}")
        page.goto(f"/dags/{dag_id}")
        page.get_by_role("button", name=re.compile("^Trigger")).first.click()
        self.page = page
        self.dag_id = dag_id
        self.dialog = page.get_by_role("dialog")
        self.button = self.dialog.get_by_role("button", name="Trigger", exact=True)

    def open(self, section: str) -> None:
        self.dialog.get_by_role("button", name=section, exact=True).click()

    def field(self, name: str) -> Any:
        return self.dialog.locator(f"input[name=element_{name}]")

    def choose(self, name: str, text: str) -> None:
        field = self.dialog.locator(f"[data-part=root]:has(input[name=element_{name}])").last
        field.get_by_role("combobox").click()
        self.dialog.get_by_role("option", name=text).click()

    def write_json(self, text: str) -> None:
        """Replace the text of the visible JSON editor."""
        editor = self.dialog.locator(".monaco-editor:visible, .cm-editor:visible")  # the latter in Airflow 3.1
        expect(editor.locator(".view-line, .cm-line").first).to_be_visible()
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        # The editor adds closing brackets and quotation marks before the text has them; they are deleted here.
        self.page.keyboard.press("Control+Shift+End")
        self.page.keyboard.press("Delete")

    def trigger(self) -> str:
        """Press the button and return the id of the new run."""
        self.button.click()
        self.page.wait_for_url("**/runs/**")
        return unquote(self.page.url.partition("/runs/")[2].partition("/")[0].partition("?")[0])


def final_states(page: Page, dag_id: str, run_id: str) -> Mapping[str, str]:
    """Wait until a run has finished; return the state of each task by its id, and of the run by the run id."""
    run = _run_address(dag_id, run_id)
    wait_for(lambda: page.request.get(run).json().get("state") in FINAL_STATES, f"the run {run_id}", RUN_TIMEOUT)
    tasks = page.request.get(f"{run}/taskInstances").json()["task_instances"]
    return {task["task_id"]: task["state"] for task in tasks} | {run_id: page.request.get(run).json()["state"]}


def entries_of(page: Page, dag_id: str, run_id: str) -> Mapping[str, Any]:
    """Return the form's entries for a run, by the names of the DAG's params."""
    return page.request.get(_run_address(dag_id, run_id)).json()["conf"]


def _run_address(dag_id: str, run_id: str) -> str:
    return f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def open_log(page: Page, dag_id: str, run_id: str, task_id: str) -> None:
    page.goto(f"/dags/{dag_id}/runs/{quote(run_id, safe='')}/tasks/{task_id}")


def clear_task(page: Page, dag_id: str, run_id: str, task_id: str) -> Any:
    """Press the button that clears a task, and return the dialog that asks for confirmation."""
    open_log(page, dag_id, run_id, task_id)
    page.get_by_role("button", name=re.compile("to clear$")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Affected Tasks: 1")).to_be_visible()
    return dialog


def task_of(page: Page, dag_id: str, run_id: str, task_id: str) -> Mapping[str, Any]:
    """Return a task instance from the API."""
    task: dict[str, Any] = page.request.get(f"{_run_address(dag_id, run_id)}/taskInstances/{task_id}").json()
    return task


def wait_for(condition: Any, description: str, seconds: float = 120.0) -> None:
    """Wait until a condition holds.

    :param description: what is waited for, for the error message.
    :raises TimeoutError: the condition does not hold within the time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{description} was not there after {seconds:.0f} seconds")
        time.sleep(0.5)
