"""The links that Airflow shows on the page of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.airflow_compat import BaseOperatorLink, has_tabs

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

__all__ = ["CleverTapDashboardLink", "CleverTapReportLink"]

#: The key of the link in XCom. The web server of Airflow 3 reads it itself; that of Airflow 2 calls ``get_link``.
XCOM_KEY = "clevertap_dashboard"
#: The name of the tab with the report in the address of a task instance, see ``plugin.report_tab``.
REPORT_ROUTE = "clevertap-report"


class CleverTapDashboardLink(BaseOperatorLink):
    """Link to the dashboard of the region that a task loads into or reads from.

    The task writes the address to XCom when it reads the connection, because the web server may not read connections.
    Without a region, and for a local dry run, which reads no connection, there is no link.
    """

    @property
    def name(self) -> str:
        """The text of the link."""
        return "CleverTap dashboard"

    @property
    def xcom_key(self) -> str:
        """The key of the link in XCom."""
        return XCOM_KEY

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the dashboard, empty when there is none.

        :param operator: the task's operator.
        :param ti_key: the task instance.
        """
        if hasattr(BaseOperatorLink, "xcom_key"):
            # Airflow 3 asks the operator that has run. Its XCom logs an error for a key that is missing.
            return getattr(operator, "dashboard_url", None) or ""
        from airflow_provider_clevertap.airflow_compat import XCom

        return XCom.get_value(ti_key=ti_key, key=XCOM_KEY) or ""


class CleverTapReportLink(BaseOperatorLink):
    """Link to the tab with the report of a task, on Airflow 3.1 and newer.

    Airflow asks for it when the task has ended, and keeps the address.
    """

    @property
    def name(self) -> str:
        """The text of the link."""
        return "CleverTap report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the tab, empty where there is no tab or no report.

        :param operator: the task's operator.
        :param ti_key: the task instance.
        """
        page = getattr(ti_key, "log_url", None)  # a key, as on Airflow 2, has none
        has_report = getattr(operator, "do_xcom_push", True)
        if not isinstance(page, str) or not has_report or not has_tabs():
            return ""
        return f"{page.partition('?')[0]}/plugin/{REPORT_ROUTE}"


#: The links of a task that has a report. Airflow 2 has no tab for it, and would show a link that leads nowhere.
LINKS_WITH_REPORT = (
    (CleverTapReportLink(), CleverTapDashboardLink())
    if hasattr(BaseOperatorLink, "xcom_key")
    else (CleverTapDashboardLink(),)
)


def linked(
    operator: Any, settings: Callable[[], Any], context: Mapping[str, Any] | None, log: logging.Logger
) -> Callable[[], Any]:
    """Return a function that reads the connection, and links the running task to the dashboard that it names.

    :param operator: the task's operator, which has ``dashboard_url``.
    :param settings: reads the connection.
    :param context: the running task's context.
    :param log: the task's log.
    """

    def read() -> Any:
        found = settings()
        operator.dashboard_url = found.dashboard_url
        _push_dashboard(context, found.dashboard_url, log)
        return found

    return read


def _push_dashboard(context: Mapping[str, Any] | None, address: str | None, log: logging.Logger) -> None:
    """Write the address of the dashboard to the XCom of the running task, so that the link works while it runs.

    :param context: the running task's context.
    :param address: the address.
    :param log: the task's log.
    """
    task = context.get("ti") if context else None
    if task is None or address is None:
        return
    try:
        task.xcom_push(key=XCOM_KEY, value=address)
    except Exception as problem:  # a missing link must not fail a load
        log.warning("The link to the dashboard is not in XCom: %s", type(problem).__name__)
