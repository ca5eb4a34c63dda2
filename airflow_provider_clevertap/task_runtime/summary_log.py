"""Write the summary of a load to the task log: counts, reasons by code and paths of files. Never a row's data."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.exceptions import escape_unprintable
from airflow_provider_clevertap.records.error_codes import ERROR_CODES

_OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")
_FAILED = ("rejected", "invalid", "unconfirmed")


def log_summary(log: logging.Logger, source: str, summary: Mapping[str, Any]) -> None:
    """Write a load's summary to a log.

    :param log: the task's log.
    :param source: the source's name.
    :param summary: the summary as a dictionary.
    """
    dry_run = summary.get("dry_run")
    log.info(
        "%s: %s rows in %.1f s (%s rows/s)%s",
        escape_unprintable(source),
        f"{summary['rows']:,}",
        summary["seconds"],
        f"{summary['rows_per_second']:,.0f}",
        f"; {dry_run} dry run, nothing was stored" if dry_run else "",
    )
    log.info("Outcomes: %s", ", ".join(f"{summary[outcome]:,} {outcome}" for outcome in _OUTCOMES))
    for code, count in summary["codes"].items():
        log.info("Code %s, %s rows: %s", code, f"{count:,}", _explanation(code))
    failed = sum(summary[outcome] for outcome in _FAILED)
    uncoded = failed - sum(summary["codes"].values())
    if uncoded:
        log.info("No code, %s rows: the rejects file has the reason for each row", f"{uncoded:,}")
    if summary["values_dropped"]:
        log.info("Invalid values dropped from rows that were sent without them: %s", f"{summary['values_dropped']:,}")
    if summary["retries"]:
        log.info("Requests: %s, of which %s were retries", f"{summary['requests']:,}", f"{summary['retries']:,}")
    if failed and summary["rejects_path"]:
        log.info("Rejects file, to correct and load again: %s", escape_unprintable(summary["rejects_path"]))
    if summary["report_path"]:
        log.info("Report: %s", escape_unprintable(summary["report_path"]))


def _explanation(code: str) -> str:
    known = ERROR_CODES.get(int(code)) if code.isdigit() else None
    return f"{known.meaning}; {known.fix}" if known else "the rejects file has the reason for each row"
