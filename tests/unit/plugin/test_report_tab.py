"""Airflow loads the plugin cheaply, and its application serves the files of the page and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib

import httpx
import pytest
from airflow.plugins_manager import AirflowPlugin

from airflow_provider_clevertap.plugin.report_tab import CleverTapPlugin, StaticPage
from tests.support.paths import ROOT

pytestmark = pytest.mark.airflow

needs_tabs = pytest.mark.skipif(
    not hasattr(AirflowPlugin, "external_views"), reason="tabs of plugins come with Airflow 3.1"
)


def answers(*paths: str, method: str = "GET") -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=StaticPage())
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(ask())


@needs_tabs
def test_the_files_of_the_page_are_served() -> None:
    page, script, style = answers("/report.html?dag_id=a", "/report.js", "/report.css")
    for answer, kind in ((page, "text/html"), (script, "text/javascript"), (style, "text/css")):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'src="report.js"' in page.text


@needs_tabs
@pytest.mark.parametrize("path", ["/", "/report_tab.py", "/../report_tab.py", "/%2e%2e/report_tab.py", "//etc/passwd"])
def test_nothing_else_is_served(path: str) -> None:
    (answer,) = answers(path)
    assert answer.status_code == 404


@needs_tabs
def test_nothing_can_be_sent() -> None:
    (answer,) = answers("/report.html", method="POST")
    assert answer.status_code == 405


@needs_tabs
def test_airflow_takes_the_tab() -> None:
    from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse

    (view,) = CleverTapPlugin.external_views
    read = ExternalViewResponse.model_validate(view)
    assert read.destination == "task_instance"
    assert read.href.startswith("clevertap/report.html?"), "relative, as Airflow may be served below a path"


def test_the_entry_point_leads_to_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    path = f"{CleverTapPlugin.__module__}:{CleverTapPlugin.__name__}"
    assert project["entry-points"]["airflow.plugins"] == {"clevertap": path}
    assert issubclass(CleverTapPlugin, AirflowPlugin) or CleverTapPlugin.__mro__[1].__name__ == "AirflowPlugin"


def test_every_process_of_airflow_can_afford_to_load_it() -> None:
    code = (
        "import sys; from airflow_provider_clevertap.airflow_compat import AirflowPlugin; before = set(sys.modules);"
        "import airflow_provider_clevertap.plugin.report_tab;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.split() == ["airflow_provider_clevertap"]
