"""The tab with the report of a task instance, from Airflow 3.1 on.

The tab is a static page. It asks Airflow's REST API for the XComs of the task, in the viewer's browser and with the
viewer's own session, so it shows nobody more than they may see already. The application below serves the files of the
page and nothing else: it has no route that answers data, and it opens no file of a task.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from airflow_provider_clevertap.airflow_compat import AirflowPlugin

#: The path of the files below Airflow's own address.
URL_PREFIX: Final = "/clevertap"
#: The name of the tab in the address of a task instance.
URL_ROUTE: Final = "clevertap-report"  # also in operators.base.links
FILES: Final = Path(__file__).parent / "static"
#: The page loads its own files only, asks the server that it came from, and is shown by no other site.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


class StaticPage:
    """ASGI application that serves the files of the page.

    Workers and DAG processors load plugins too, and Airflow 2 has no web framework of this kind, so it is imported with
    the first request.
    """

    def __init__(self) -> None:
        self._files: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if self._files is None:
            from starlette.applications import Starlette
            from starlette.routing import Mount
            from starlette.staticfiles import StaticFiles

            self._files = Starlette(routes=[Mount("/", StaticFiles(directory=FILES))])

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._files(scope, receive, send_with_headers)


_HEADERS: Final = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),  # the browser asks whether its copy is current
]


#: Without a slash at its start the address is relative to Airflow's own, which may have a path.
_ADDRESS: Final = (
    f"{URL_PREFIX[1:]}/report.html?dag_id={{DAG_ID}}&run_id={{RUN_ID}}&task_id={{TASK_ID}}&map_index={{MAP_INDEX}}"
)
_APPS: Final = [{"app": StaticPage(), "url_prefix": URL_PREFIX, "name": "CleverTap report"}]
_VIEWS: Final = [
    {"name": "CleverTap report", "href": _ADDRESS, "destination": "task_instance", "url_route": URL_ROUTE},
]


class CleverTapPlugin(AirflowPlugin):
    """Plugin that adds the tab. Airflow 2.11 and 3.0 know no such tabs, and ignore it."""

    name = "clevertap"
    fastapi_apps = _APPS
    external_views = _VIEWS
