"""Messages of type identify with a device's token become device tokens."""

from __future__ import annotations

from typing import Any, Final

from airflow_provider_clevertap.loading.specs.columns.events import listed
from airflow_provider_clevertap.loading.specs.columns.flat import FlatColumns, Unsent
from airflow_provider_clevertap.loading.specs.messages import first_filled
from airflow_provider_clevertap.loading.specs.selection import settings_for_clevertap
from airflow_provider_clevertap.loading.specs.spec import Spec

_TOKEN: Final = "context.device.token"
_APPLE: Final = frozenset({"ios", "ipados", "tvos", "watchos"})
#: The types that a message may ask for itself.
_TYPES: Final = frozenset({"chrome", "fcm", "gcm", "apns", "wns", "mpns"})


def add_tokens(messages: Any, unsent: Unsent, flat: FlatColumns, spec: Spec) -> None:
    """Add the columns of device tokens.

    :param unsent: the messages that become no token; more are added to it.
    :param flat: takes the columns.
    """
    rows = flat.rows
    tokens = messages.values(_TOKEN) or [None] * rows
    unsent.skip([row for row, token in enumerate(tokens) if token in (None, "")], f"an identify without {_TOKEN}")
    owners = listed(first_filled(messages, ("anonymousId",), rows))
    if not flat.owner_is_chosen:
        unsent.skip(
            [row for row, owner in enumerate(owners) if owner is None], "the token's message has no anonymousId"
        )
    asked = [settings_for_clevertap(one) for one in messages.objects("integrations") or [None] * rows]
    systems = _systems(messages, rows, spec)
    types = [_type(settings, system) for settings, system in zip(asked, systems, strict=True)]
    if not flat.is_chosen("context.os.name"):
        unsent.skip(
            [row for row, found in enumerate(types) if found is None],
            "the token's operating system is neither Android nor one of Apple's",
        )
    flat.add_field("anonymousId", "objectId", unsent.blank_out(owners))
    flat.add_field(_TOKEN, "token", unsent.blank_out(tokens))
    flat.add_field("context.os.name", "type", unsent.blank_out(types))
    keys = [one.get("chromeKeys") for one in asked]
    if any(isinstance(one, dict) for one in keys):
        for name in ("p256dh", "auth"):
            values = [one.get(name) if isinstance(one, dict) else None for one in keys]
            flat.add_field(f"integrations.clevertap.chromeKeys.{name}", name, unsent.blank_out(values))


def _systems(messages: Any, rows: int, spec: Spec) -> list[Any]:
    """Return the operating systems: RudderStack looks at one field, and other libraries fill another one."""
    paths = ("context.os.name",) if spec.strict else ("context.os.name", "context.device.type")
    return listed(first_filled(messages, paths, rows))


def _type(settings: dict[str, Any], system: Any) -> str | None:
    asked = settings.get("deviceTokenType")
    if isinstance(asked, str) and asked.lower() in _TYPES:
        return asked.lower()
    name = system.strip().lower() if isinstance(system, str) else ""
    return "fcm" if name == "android" else "apns" if name in _APPLE else None
