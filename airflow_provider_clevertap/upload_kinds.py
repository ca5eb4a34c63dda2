"""The registry of the kinds of record that can be uploaded, and the hook's method for each.

The hook, the operators, the decorators and the provider's metadata read it. Every ``airflow`` command and every DAG
file imports it, so it must not import anything slow: what makes the records is named here and imported by a task.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_clevertap.records.limits import MAX_IN_FLIGHT, OTHER_APIS_IN_FLIGHT

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.record_kinds import RecordKind

_PACKAGE: Final = "airflow_provider_clevertap"


@dataclass(frozen=True, slots=True)
class UploadKind:
    """What the package's Airflow parts must know about a kind of record.

    :param module: the name of its modules in ``loading.record_kinds``, ``operators`` and ``decorators``. The decorator
        is named after it: ``@task.clevertap_<module>``.
    :param record_kind: the name in its module of ``loading.record_kinds``: a ``RecordKind``, or a function that returns
        one if there are ``options``.
    :param operator: the name of the operator's class.
    :param hook_method: the name of the hook's method.
    :param options: arguments of that function; the operator and the hook's method accept them too.
    :param max_in_flight: the maximum number of requests in flight that its endpoint allows.
    """

    module: str
    record_kind: str
    operator: str
    hook_method: str
    options: tuple[str, ...] = ()
    max_in_flight: int = MAX_IN_FLIGHT

    @property
    def operator_module(self) -> str:
        """The path of the operator's module."""
        return f"{_PACKAGE}.operators.{self.module}"

    @property
    def decorator_name(self) -> str:
        """The name of the decorator in ``@task.<name>``."""
        return f"clevertap_{self.module}"

    @property
    def decorator_path(self) -> str:
        """The path of the decorator's function."""
        return f"{_PACKAGE}.decorators.{self.module}.{self.decorator_name}_task"

    def make_record_kind(self, options: dict[str, Any]) -> RecordKind:
        """Return the kind of record for one load.

        :param options: its options; those that are ``None`` keep their default.
        :raises ConfigurationError: when an option is not allowed.
        """
        found: Any = getattr(import_module(f"{_PACKAGE}.loading.record_kinds.{self.module}"), self.record_kind)
        if not self.options:
            return found  # type: ignore[no-any-return]
        return found(**{name: value for name, value in options.items() if value is not None})  # type: ignore[no-any-return]


PROFILES: Final = UploadKind(
    module="profiles",
    record_kind="profiles",
    operator="CleverTapUploadProfilesOperator",
    hook_method="upload_profiles",
    options=("identity_and_object_id",),
)
EVENTS: Final = UploadKind(
    module="events",
    record_kind="events",
    operator="CleverTapUploadEventsOperator",
    hook_method="upload_events",
    options=(
        "event_name",
        "timestamp",
        "property_limit",
        "future_seconds",
        "group_by",
        "items",
        "identity_and_object_id",
    ),
)
DEVICE_TOKENS: Final = UploadKind(
    module="device_tokens",
    record_kind="DEVICE_TOKENS",
    operator="CleverTapUploadDeviceTokensOperator",
    hook_method="upload_device_tokens",
)
SUBSCRIPTIONS: Final = UploadKind(
    module="subscriptions",
    record_kind="subscriptions",
    operator="CleverTapUpdateSubscriptionsOperator",
    hook_method="update_subscriptions",
    options=("channel", "status"),
    max_in_flight=OTHER_APIS_IN_FLIGHT,
)

UPLOAD_KINDS: Final = (PROFILES, EVENTS, DEVICE_TOKENS, SUBSCRIPTIONS)


class UploadMethods:
    """The methods of the hook that load records: one for each kind, written out so that editors show them."""

    def upload_profiles(self, source: Any, **options: Any) -> dict[str, Any]:
        """Load profiles, for use inside ``@task`` functions.

        :param source: what ``CleverTapUploadProfilesOperator`` accepts: paths, URIs, globs, DataFrames, source objects.
        :param options: the operator's other arguments, such as ``columns``, ``max_rejects`` or ``dry_run``. Inside a
            running task ``rejects_path`` has the operator's default; elsewhere no rejects file is written without it.
        :return: the summary.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._upload(PROFILES, source, options)

    def upload_events(self, source: Any, **options: Any) -> dict[str, Any]:
        """Load events, for use inside ``@task`` functions.

        :param source: as for :meth:`upload_profiles`.
        :param options: the other arguments of ``CleverTapUploadEventsOperator``, such as ``event_name`` or
            ``profile_columns``.
        :return: the summary.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._upload(EVENTS, source, options)

    def upload_device_tokens(self, source: Any, **options: Any) -> dict[str, Any]:
        """Load device tokens, for use inside ``@task`` functions.

        :param source: as for :meth:`upload_profiles`.
        :param options: the other arguments of ``CleverTapUploadDeviceTokensOperator``.
        :return: the summary.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._upload(DEVICE_TOKENS, source, options)

    def update_subscriptions(self, source: Any, **options: Any) -> dict[str, Any]:
        """Change subscriptions, for use inside ``@task`` functions.

        :param source: as for :meth:`upload_profiles`.
        :param options: the other arguments of ``CleverTapUpdateSubscriptionsOperator``, such as ``channel``.
        :return: the summary.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows.
        :raises CleverTapError: see ``airflow_provider_clevertap.exceptions``.
        """
        return self._upload(SUBSCRIPTIONS, source, options)

    def _upload(self, kind: UploadKind, source: Any, options: dict[str, Any]) -> dict[str, Any]:
        """Load the source as this kind of record; implemented by the hook."""
        raise NotImplementedError
