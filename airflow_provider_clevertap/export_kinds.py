"""The registry of what can be exported, and the hook's method for each.

The hook, the operators and the provider's metadata read it. Every ``airflow`` command and every DAG file imports it, so
it must not import anything slow: the classes of an export are named here and imported by a task.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from airflow_provider_clevertap.records.limits import OTHER_APIS_IN_FLIGHT

_PACKAGE: Final = "airflow_provider_clevertap"


@dataclass(frozen=True, slots=True)
class ExportKind:
    """What the package's Airflow parts must know about an export.

    :param name: what is exported.
    :param export: the class of the export, with its module in ``exporting``.
    :param options: the class of its options, in the same form.
    :param operator: the name of the operator's class.
    :param module: the name of its module in ``operators``.
    :param hook_method: the name of the hook's method.
    :param max_in_flight: the maximum number of requests in flight.
    """

    name: str
    export: str
    options: str
    operator: str
    module: str
    hook_method: str
    max_in_flight: int = OTHER_APIS_IN_FLIGHT

    @property
    def operator_module(self) -> str:
        """The path of the operator's module."""
        return f"{_PACKAGE}.operators.{self.module}"

    def load_export(self) -> Any:
        """Return the class of the export."""
        return _load(self.export)

    def load_options(self) -> Any:
        """Return the class of the options."""
        return _load(self.options)


def _load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"{_PACKAGE}.exporting.{module}"), name)


EVENTS: Final = ExportKind(
    name="events",
    export="events.export.EventExport",
    options="events.options.EventOptions",
    operator="CleverTapExportEventsOperator",
    module="export_events",
    hook_method="export_events",
)

PROFILES: Final = ExportKind(
    name="profiles",
    export="profiles.export.ProfileExport",
    options="profiles.options.ProfileOptions",
    operator="CleverTapExportProfilesOperator",
    module="export_profiles",
    hook_method="export_profiles",
)

MESSAGES: Final = ExportKind(
    name="messages",
    export="messages.report.MessageReport",
    options="messages.options.MessageOptions",
    operator="CleverTapMessageReportOperator",
    module="message_report",
    hook_method="report_messages",
)

EXPORT_KINDS: Final = (EVENTS, PROFILES, MESSAGES)


class ExportMethods:
    """The methods of the hook that export: one for each kind, written out so that editors show them."""

    def export_events(self, events: Any, output: Any, **options: Any) -> dict[str, Any]:
        """Export events to files, for use inside ``@task`` functions.

        :param events: the name of an event, a list of names, or ``"*"`` for all.
        :param output: the directory to write to, as a path or URI.
        :param options: the other arguments of ``CleverTapExportEventsOperator``, such as ``start``, ``end`` or
            ``schema``. Inside a running task ``start`` and ``end`` are by default those of its data interval.
        :return: the summary.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._export(EVENTS, {"events": events, "output": output, **options})

    def export_profiles(self, output: Any, **options: Any) -> dict[str, Any]:
        """Export profiles to files, for use inside ``@task`` functions.

        :param output: the directory to write to, as a path or URI.
        :param options: the other arguments of ``CleverTapExportProfilesOperator``, such as ``events`` or ``query``.
        :return: the summary.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._export(PROFILES, {"output": output, **options})

    def report_messages(self, output: Any, **options: Any) -> dict[str, Any]:
        """Write the report on messages to files, for use inside ``@task`` functions.

        :param output: the directory to write to, as a path or URI.
        :param options: the other arguments of ``CleverTapMessageReportOperator``, such as ``start`` or ``channels``.
        :return: the summary.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._export(MESSAGES, {"output": output, **options})

    def _export(self, kind: ExportKind, options: dict[str, Any]) -> dict[str, Any]:
        """Export records of this kind; implemented by the hook."""
        raise NotImplementedError
