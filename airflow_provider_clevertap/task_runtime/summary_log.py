"""Write the summary of a load to the task log: counts, reasons and paths of files. Never a row's data."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.exceptions import escape_unprintable
from airflow_provider_clevertap.loading.outcomes.reasons import describe_reasons

_OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def log_summary(log: logging.Logger, source: str, summary: Mapping[str, Any]) -> None:
    """Write a load's summary to a log. What people look for comes last: which rows failed, why, and where they are.

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
    if summary["retries"]:
        log.info("Requests: %s, of which %s were retries", f"{summary['requests']:,}", f"{summary['retries']:,}")
    if summary["report_path"]:
        log.info("Report: %s", escape_unprintable(summary["report_path"]))
    log.info("Outcomes: %s", ", ".join(f"{summary[outcome]:,} {outcome}" for outcome in _OUTCOMES))
    if summary["values_dropped"]:
        log.info("Invalid values left out of rows that were sent without them: %s", f"{summary['values_dropped']:,}")
    for line in describe_reasons(summary):
        log.info("%s", line)
    if summary["rejects_path"]:
        log.info("Rejects file, to correct and load again: %s", escape_unprintable(summary["rejects_path"]))
