"""An Airflow with its UI, a CleverTap emulator, and a browser to click with."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.system.browser import screenshots

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Milliseconds. Airflow's UI is slow on a busy machine.
TIMEOUT_MS = 90_000


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser; skip the tests when something for them is missing."""
    if int(version("apache-airflow").partition(".")[0]) < 3:
        pytest.skip("the UI of Airflow 2 is different")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("Playwright is not installed: make test-ui installs it")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium: run scripts/chromium-install")
    return path


@pytest.fixture(scope="session")
def directory(chromium: str) -> Path:
    """Return the directory for all files. It is kept until the next run, to find the cause of a failure."""
    from scripts.local_airflow import fresh_directory, stop_on_sigterm

    stop_on_sigterm()
    shutil.rmtree(screenshots.DIRECTORY, ignore_errors=True)
    return fresh_directory("test-ui")


@pytest.fixture(scope="session")
def clevertap(directory: Path) -> Iterator[str]:
    """Run the emulator; yield its address."""
    from scripts.local_airflow import emulator

    with emulator(directory) as url:
        yield url


@pytest.fixture(scope="session")
def airflow_ui(directory: Path) -> Iterator[Any]:
    """Run Airflow without any connection."""
    from scripts.running_airflow import running_airflow

    with running_airflow(directory, connections={}, pools={}) as airflow:
        yield airflow


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        # Containers have no user namespaces for the sandbox, and all pages here are trusted.
        running = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, airflow_ui: Any, directory: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Yield a page in a new browser session; if the test fails, a screenshot of it is saved in the directory."""
    context = browser.new_context(base_url=airflow_ui.address, viewport={"width": 1280, "height": 1150})
    context.set_default_timeout(TIMEOUT_MS)
    failures = request.session.testsfailed
    opened = context.new_page()
    if version("apache-airflow").startswith("3.1."):  # it forgets which page was asked for when it logs somebody in
        opened.goto("/")
        opened.get_by_role("heading", name="Welcome").wait_for()
    yield opened
    if request.session.testsfailed > failures:
        opened.screenshot(path=directory / f"failed-{request.node.name}.png")
    context.close()
