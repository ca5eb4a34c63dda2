"""The settings as options of the command line: one option for each field of :class:`Settings`."""

from __future__ import annotations

import argparse
import inspect
import re
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from airflow_provider_clevertap.emulator.settings import Settings

_OTHER_NAMES = {"discarded_events": "--discard-event"}
"""Options whose name does not follow from that of the setting."""


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add an option for each setting."""
    group = parser.add_argument_group("settings", "They can also be changed while the emulator runs.")
    help_texts = documented()
    for name, kind in get_type_hints(Settings).items():
        options: dict[str, Any] = {"dest": name, "default": argparse.SUPPRESS, "help": help_texts.get(name, "")}
        default = f" (default {getattr(Settings(), name)})"
        if get_origin(kind) is tuple:
            options |= {"action": "append", "metavar": "NAME"}
        elif get_origin(kind) is dict:
            options |= {"metavar": "JSON"}
        elif get_args(kind):
            options |= {"choices": get_args(kind), "help": options["help"] + default}
        else:
            options |= {"metavar": kind.__name__.upper(), "help": options["help"] + default}
        group.add_argument(_OTHER_NAMES.get(name, f"--{name.replace('_', '-')}"), **options)


def read_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of a command line.

    :raises msgspec.ValidationError: a value does not fit.
    """
    hints = get_type_hints(Settings)
    given = {name: value for name, value in vars(options).items() if name in hints}
    for name, value in given.items():
        if get_origin(hints[name]) is dict:
            given[name] = msgspec.json.decode(value)
    return msgspec.convert(given, Settings, strict=False)


def documented() -> dict[str, str]:
    """Return the text of each ``:param`` of the settings, on one line and without marks."""
    text = inspect.getdoc(Settings) or ""
    found = re.findall(r"^:param (\w+): (.+?)(?=^:param |\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: " ".join(described.replace("``", "").replace("%", "%%").split()) for name, described in found}
