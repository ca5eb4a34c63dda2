"""The report of a load: its summary and circumstances, kept as a JSON file. No row data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_clevertap.loading.artifact_files import ArtifactFile
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.summary import Summary
from airflow_provider_clevertap.records.codes import ERROR_CODES


def write_report(
    place: Any,
    *,
    source: str,
    summary: Summary,
    choices: Mapping[str, Column | None],
    ahead_choices: Mapping[str, Column] | None,
    failure: str | None,
) -> None:
    """Write the report.

    :param place: where it goes.
    :param source: the source's name.
    :param summary: the finished summary.
    :param choices: what the user said of the columns.
    :param ahead_choices: what the user said of the columns of profile updates, ``None`` when nothing.
    :param failure: why the load failed, ``None`` when it did not.
    """
    report = {
        "source": source,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "failure": failure,
        "summary": summary.to_dict(),
        "codes": {str(code): ERROR_CODES[code]._asdict() for code in sorted(summary.codes) if code in ERROR_CODES},
        "columns": {name: None if choice is None else _described(choice) for name, choice in choices.items()},
    }
    if ahead_choices is not None:
        report["profile_columns"] = {name: _described(choice) for name, choice in ahead_choices.items()}
    file = ArtifactFile(place)
    with file.open() as stream:
        json.dump(report, stream, indent=2, ensure_ascii=False)
    file.publish()


def _described(choice: Column) -> dict[str, Any]:
    defaults = Column()
    described = {name: getattr(choice, name) for name in Column.__slots__}
    return {name: value for name, value in described.items() if value != getattr(defaults, name)}
