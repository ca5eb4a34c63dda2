"""The report of a load: its summary and settings as a JSON file, without row data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.records.error_codes import ERROR_CODES
from airflow_provider_clevertap.storage.files import AtomicFile
from airflow_provider_clevertap.storage.private_files import PRIVATE


def write_report(
    location: Any,
    *,
    source: str,
    summary: Summary,
    mappings: Mapping[str, Mapping[str, Column | None] | None],
    group_by: str | None,
    failure: str | None,
    mode: int = PRIVATE,
) -> None:
    """Write the report.

    :param location: where to write it.
    :param source: the source's name.
    :param summary: the finished summary.
    :param mappings: what the user configured for columns, by the name of the argument; ``None`` for nothing.
    :param group_by: the column whose value decides which rows make one record, if any.
    :param failure: why the load failed, ``None`` when it did not.
    :param mode: who may read the file, for a local path.
    """
    report = {
        "source": source,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "failure": failure,
        "summary": summary.to_dict(),
        "codes": {str(code): ERROR_CODES[code]._asdict() for code in sorted(summary.codes) if code in ERROR_CODES},
        **{argument: _choices_to_json(choices) for argument, choices in mappings.items() if choices is not None},
    }
    if group_by is not None:
        report["group_by"] = group_by
    file = AtomicFile(location, mode)
    file.prepare()
    file.write_text(json.dumps(report, indent=2, ensure_ascii=False))


def _choices_to_json(choices: Mapping[str, Column | None]) -> dict[str, Any]:
    return {name: None if choice is None else _to_json(choice) for name, choice in choices.items()}


def _to_json(choice: Column) -> dict[str, Any]:
    defaults = Column()
    settings = {name: getattr(choice, name) for name in Column.__slots__}
    return {name: value for name, value in settings.items() if value != getattr(defaults, name)}
