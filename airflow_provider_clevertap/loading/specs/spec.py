"""What a load knows about the platform whose messages it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.specs.columns.patterns import NamePattern

_LABELS: Final[Mapping[str, str]] = {"rudderstack": "RudderStack", "segment": "Segment", "freshpaint": "Freshpaint"}
#: Every type of message that the platforms document.
MESSAGE_TYPES: Final = ("identify", "alias", "track", "page", "screen", "group", "merge", "delete")
#: The types of message that each kind of record takes.
TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "profiles": ("identify", "alias"),
    "events": ("track", "page", "screen"),
    "device tokens": ("identify",),
}
_PAGE_NAME: Final = "Web Page Viewed: {name}"
#: Segment's own destination has another name for screens: https://segment.com/docs/connections/destinations/.
_SCREEN_NAMES: Final[Mapping[str, str]] = {"segment": "App Screen Viewed"}
_SCREEN_NAME: Final = "Screen Viewed: {name}"


@dataclass(frozen=True, slots=True)
class Spec:
    """How the messages of one load are read.

    :param name: the platform, as users name it.
    :param kind: the kind of record that the messages become.
    :param page_name: makes the names of events from pages.
    :param screen_name: makes the names of events from screens.
    :param track_anonymous: events of people without a user id are loaded.
    :param use_object_id: the anonymous id is CleverTap's object id.
    :param strict: records are exactly what the platform sends.
    """

    name: str
    kind: str
    page_name: NamePattern
    screen_name: NamePattern
    track_anonymous: bool = False
    use_object_id: bool = False
    strict: bool = False

    @property
    def label(self) -> str:
        """The platform's own spelling of its name."""
        return _LABELS[self.name]

    @property
    def taken(self) -> tuple[str, ...]:
        """The types of message that become records."""
        return TAKEN[self.kind]


def read_spec(options: LoadOptions, kind: RecordKind) -> Spec:
    """Return the spec of a load.

    :param options: the options of the load, with a spec.
    :param kind: the kind of record.

    :raises ConfigurationError: when the spec does not fit the kind of record or another option.
    """
    name = str(options.spec)
    if kind.name not in TAKEN:
        raise ConfigurationError(f"spec={name!r}: messages become profiles, events or device tokens, not {kind.name}")
    if options.profile_columns is not None or kind.lines is not None:
        given, instead = "group_by", "an order is one message, whose products become Items"
        if options.profile_columns is not None:
            given, instead = "profile_columns", "load the same messages once as profiles and once as events"
        raise ConfigurationError(f"{given} cannot be used with spec={name!r}: {instead}")
    use_object_id = options.use_object_id
    if kind.name == "device tokens":
        if use_object_id is False:
            raise ConfigurationError(
                "use_object_id=False does not fit device tokens: a token belongs to an object id, which is the "
                "anonymousId of its message"
            )
        use_object_id = True
    return Spec(
        name,
        kind.name,
        NamePattern("page_name", options.page_name or _PAGE_NAME),
        NamePattern("screen_name", options.screen_name or _SCREEN_NAMES.get(name, _SCREEN_NAME)),
        track_anonymous=options.track_anonymous,
        use_object_id=bool(use_object_id),
        strict=options.strict,
    )
