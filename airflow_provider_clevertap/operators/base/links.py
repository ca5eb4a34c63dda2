"""The links that Airflow shows on the page of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.airflow_compat import BaseOperatorLink

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

__all__ = ["CleverTapDashboardLink"]

#: The key of the link in XCom. The web server of Airflow 3 reads it by itself; that of Airflow 2 calls ``get_link``.
XCOM_KEY = "clevertap_dashboard"


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
    except Exception as problem:  # a load must not fail for want of a link
        log.warning("The link to the dashboard is not in XCom: %s", type(problem).__name__)
