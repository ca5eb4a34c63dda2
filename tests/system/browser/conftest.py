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
#: On a machine that is busy with something else, Airflow's UI takes its time.
PATIENCE_MS = 90_000


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the browser; skip where these tests cannot be run."""
    if int(version("apache-airflow").partition(".")[0]) < 3:
        pytest.skip("the UI of Airflow 2 is another one")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("Playwright is not installed: pip install 'airflow-provider-clevertap[dev]'")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("there is no Chromium: run scripts/chromium-install")
    return found


@pytest.fixture(scope="session")
def place(chromium: str) -> Path:
    """Give the directory for everything; it is left there until the next run, for who looks for a cause."""
    from scripts.local_airflow import fresh_directory, stop_on_sigterm

    stop_on_sigterm()
    shutil.rmtree(screenshots.DIRECTORY, ignore_errors=True)
    return fresh_directory("test-ui")


@pytest.fixture(scope="session")
def clevertap(place: Path) -> Iterator[str]:
    """Run the emulator; give its address."""
    from scripts.local_airflow import emulator

    with emulator(place) as url:
        yield url


@pytest.fixture(scope="session")
def airflow_ui(place: Path) -> Iterator[Any]:
    """Run Airflow; it has no connection yet."""
    from scripts.running_airflow import running_airflow

    with running_airflow(place, connections={}, pools={}) as airflow:
        yield airflow


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # Containers have no user namespaces for the sandbox, and every page here is our own.
        running = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, airflow_ui: Any, place: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give a page of a fresh browser session; when the test fails, what it showed is in the directory."""
    context = browser.new_context(base_url=airflow_ui.address, viewport={"width": 1280, "height": 1150})
    context.set_default_timeout(PATIENCE_MS)
    failures = request.session.testsfailed
    opened = context.new_page()
    yield opened
    if request.session.testsfailed > failures:
        opened.screenshot(path=place / f"failed-{request.node.name}.png")
    context.close()
