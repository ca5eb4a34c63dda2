"""Hashes of the source, the settings and the account: a load resumes only if they are the same as before."""

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

_HASH_LENGTH: Final = 20


def hashed(*parts: Any) -> str:
    """Return a short hash of JSON values."""
    text = json.dumps(parts, sort_keys=True, default=_to_json)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def settings_hash(
    kind: RecordKind,
    options: LoadOptions,
    choices: Mapping[str, Column | None],
    profile_choices: Mapping[str, Column] | None,
) -> str:
    """Return a hash of every setting that decides which records the rows of a source become.

    :param choices: what the columns become.
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
        [options.unmapped, options.on_bad_value, options.default_country, options.phone_check],
        *([] if options.spec is None else [options.spec_settings()]),
    )


def _to_json(value: Any) -> Any:
    return asdict(value) if isinstance(value, Column) else stable_text(value)
