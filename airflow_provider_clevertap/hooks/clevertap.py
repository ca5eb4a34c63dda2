"""The hook for connections of type ``clevertap``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_clevertap.airflow_compat import AirflowNotFoundException, BaseHook, mask_secret
from airflow_provider_clevertap.arguments import read_text
from airflow_provider_clevertap.connections.form import (
    CONNECTION_TYPE,
    HOOK_NAME,
    field_behaviour,
    widgets,
)
from airflow_provider_clevertap.connections.settings import connect, read_connection
from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError
from airflow_provider_clevertap.export_kinds import ExportMethods
from airflow_provider_clevertap.hooks.questions import QuestionMethods
from airflow_provider_clevertap.upload_kinds import UploadMethods

if TYPE_CHECKING:
    from logging import Logger

    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.connections.settings import ConnectionSettings
    from airflow_provider_clevertap.export_kinds import ExportKind
    from airflow_provider_clevertap.upload_kinds import UploadKind

__all__ = ["CleverTapHook"]


class CleverTapHook(UploadMethods, ExportMethods, QuestionMethods, BaseHook):
    """Hook that loads data into CleverTap, exports it, and calls its API through an Airflow connection.

    :param clevertap_conn_id: id of a connection of type ``clevertap``: account id in the login, passcode in the
        password, and in the extra a ``region`` (unless the host holds a base URL), ``max_in_flight``, ``timeout``,
        ``gzip`` and ``project_timezone``.
    """

    conn_name_attr = "clevertap_conn_id"
    default_conn_name = "clevertap_default"
    conn_type = CONNECTION_TYPE
    hook_name = HOOK_NAME

    def __init__(self, clevertap_conn_id: str | None = default_conn_name) -> None:
        super().__init__()
        self.clevertap_conn_id = read_text("clevertap_conn_id", clevertap_conn_id) or self.default_conn_name
        self._client: CleverTapClient | None = None

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the form's additional fields for Airflow 2.11 to 3.1; later releases read the provider's metadata."""
        return widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how the form shows Airflow's standard fields, for Airflow 2.11 to 3.1."""
        return field_behaviour()

    def settings(self) -> ConnectionSettings:
        """Read and check the connection.

        :raises ConfigurationError: when there is no such connection, or a field of it is missing or wrong.
        """
        try:
            connection = self.get_connection(self.clevertap_conn_id)
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"There is no connection {self.clevertap_conn_id!r}: add one of type clevertap, or name another."
            ) from None
        settings = read_connection(connection)
        # Not every release of Airflow masks a connection's password.
        mask_secret(settings.passcode)
        return settings

    def get_conn(self) -> CleverTapClient:
        """Return the client for CleverTap's API; every call returns the same one.

        :raises ConfigurationError: when the connection is incomplete or wrong.
        """
        if self._client is None:
            self._client = connect(self.settings())
        return self._client

    def test_connection(self) -> tuple[bool, str]:
        """Check that CleverTap accepts the account and passcode; nothing is stored.

        :return: whether it does, and what was tried, with what to do if it failed.
        """
        from airflow_provider_clevertap.connections.access import check_access

        try:
            return check_access(self.settings())
        except CleverTapError as error:
            return False, f"{error} Nothing was sent."

    def _upload(self, kind: UploadKind, source: Any, options: dict[str, Any]) -> dict[str, Any]:
        from airflow_provider_clevertap.task_runtime.engine import task_load_class

        load_class = task_load_class()
        artifacts_path = options.pop("artifacts_path", None)
        record_kind = kind.make_record_kind({name: options.pop(name, None) for name in kind.options})
        load = load_class(record_kind, self.clevertap_conn_id, self.settings, cast("Logger", self.log))
        return load.run(source, options, context=_task_context(), artifacts_path=artifacts_path)

    def _export(self, kind: ExportKind, options: dict[str, Any]) -> dict[str, Any]:
        from airflow_provider_clevertap.task_runtime.task_export import TaskExport

        export = TaskExport(kind, self.clevertap_conn_id, self.settings, cast("Logger", self.log))
        return export.run(options, context=_task_context())

    def _ask(self, kind: str, query: Mapping[str, Any], options: dict[str, Any], timeout: float) -> Any:
        from airflow_provider_clevertap.task_runtime.questions.task_question import TaskQuestion

        log = cast("Logger", self.log)
        question = TaskQuestion(
            kind, query, options, conn_id=self.clevertap_conn_id, settings=self.settings, log=log, keep=False
        )
        return question.ask(_task_context(), timeout=timeout)


def _task_context() -> Mapping[str, Any] | None:
    """Return the running task's context, ``None`` outside a task."""
    from airflow_provider_clevertap.airflow_compat import AirflowException, get_current_context

    try:
        return cast("Mapping[str, Any]", get_current_context())
    except (AirflowException, RuntimeError):
        return None
