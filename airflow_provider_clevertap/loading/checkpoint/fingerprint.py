"""What must be the same for a load to be gone on with: the source, the settings and the account, as hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.stable_text import stable_text

_LENGTH: Final = 20


def hashed(*parts: Any) -> str:
    """Give a short hash of values that JSON can hold."""
    text = json.dumps(parts, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def settings_hash(
    kind: RecordKind,
    options: LoadOptions,
    choices: Mapping[str, Column | None],
    profile_choices: Mapping[str, Column] | None,
) -> str:
    """Give the hash of all that decides what records a source's rows become.

    :param choices: what the user said of columns.
    :param profile_choices: what the columns of profile updates become.
    """
    timeless = kind.with_start_time(0)
    lines = kind.lines
    return hashed(
        kind.name,
        timeless.constants,
        timeless.settings,
        None if lines is None else [lines.group_by, lines.items],
        choices,
        profile_choices,
        [options.unmapped, options.on_bad_value, options.default_country],
    )


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Column) else stable_text(value)
