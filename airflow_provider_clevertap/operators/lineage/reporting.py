"""The base of the operators that show where they lead: with a link, and with reports to OpenLineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from airflow_provider_clevertap.airflow_compat import BaseOperator
from airflow_provider_clevertap.operators.base.links import LINKS_WITH_REPORT, linked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from logging import Logger

    from airflow_provider_clevertap.operators.lineage.dataset_names import Account
    from airflow_provider_clevertap.operators.lineage.facets import Report

__all__ = ["ReportingOperator"]


class ReportingOperator(BaseOperator):
    """Base of the operators that link to CleverTap and, where OpenLineage is installed, report datasets and counts.

    What cannot be found is left out, because a missing report must not fail a load.
    """

    clevertap_conn_id: str
    operator_extra_links = LINKS_WITH_REPORT
    #: the address of the region's dashboard, once the connection has been read
    dashboard_url: str | None = None
    #: the account, once the task has read the connection; without the passcode
    _account: Account | None = None

    def get_openlineage_facets_on_start(self) -> Any:
        """Return the datasets, before the task has done anything."""
        return self._lineage(ended=False)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:  # noqa: ARG002
        """Return the datasets and counts of a task that has ended well."""
        return self._lineage(ended=True)

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> Any:  # noqa: ARG002
        """Return the datasets of a failed task, and its counts if it got so far."""
        return self._lineage(ended=True)

    def _settings(self, settings: Callable[[], Any], context: Mapping[str, Any] | None) -> Callable[[], Any]:
        """Return a function that reads the connection, and keeps where it leads for the link and the report.

        :param settings: reads the connection.
        :param context: the running task's context.
        """
        from airflow_provider_clevertap.operators.lineage.dataset_names import Account

        read = linked(self, settings, context, cast("Logger", self.log))

        def keep() -> Any:
            found = read()
            self._account = Account.of(found)
            return found

        return keep

    def _lineage(self, *, ended: bool) -> Any:
        from airflow_provider_clevertap.operators.lineage.facets import Report

        try:
            report = self._lineage_report(self._find_account(), ended=ended)
        except Exception as problem:  # such as an argument that the task refuses as well
            self.log.debug("The datasets of this task are not reported: %s", type(problem).__name__)
            report = Report()
        return report.with_annotations(self.inlets, self.outlets)

    def _lineage_report(self, account: Account | None, *, ended: bool) -> Report:
        """Return what this task reports.

        :param account: where the connection leads, ``None`` when it cannot be read.
        :param ended: the task has run.
        """
        raise NotImplementedError

    def _find_account(self) -> Account | None:
        if self._account is not None:
            return self._account
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.operators.base.arguments import optional_text
        from airflow_provider_clevertap.operators.lineage.dataset_names import Account

        try:
            return Account.of(CleverTapHook(optional_text(self.clevertap_conn_id)).settings())
        except Exception as problem:  # what backends of connections raise has no common type
            self.log.debug("The connection is not reported: %s", type(problem).__name__)
            return None
