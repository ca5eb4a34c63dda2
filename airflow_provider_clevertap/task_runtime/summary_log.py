"""Write the summary of a load to the task log: counts, reasons and paths of files. Never a row's data."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.exceptions import escape_unprintable
from airflow_provider_clevertap.loading.outcomes.reasons import describe_reasons

_OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


def log_summary(log: logging.Logger, source: str, summary: Mapping[str, Any], *, ended_early: bool) -> None:
    """Write a load's summary to a log. What people look for comes last: which rows failed, why, and where they are.

    :param log: the task's log.
    :param source: the source's name.
    :param summary: the summary as a dictionary.
    :param ended_early: the load failed before every row had an outcome.
    """
    name, rows, seconds = escape_unprintable(source), f"{summary['rows']:,}", summary["seconds"]
    if ended_early:
        log.warning("%s: ended early, after %.1f s. Rows with an outcome so far: %s", name, seconds, rows)
    else:
        dry_run = f"; {summary['dry_run']} dry run, nothing was stored" if summary["dry_run"] else ""
        log.info(
            "%s: %s rows in %.1f s (%s rows/s)%s", name, rows, seconds, f"{summary['rows_per_second']:,.0f}", dry_run
        )
    if summary["retries"]:
        log.info("Requests: %s, of which %s were retries", f"{summary['requests']:,}", f"{summary['retries']:,}")
    if summary["report_path"]:
        log.info("Report: %s", escape_unprintable(summary["report_path"]))
    if not summary["rows"] and ended_early:
        return
    log.info("Outcomes: %s", ", ".join(f"{summary[outcome]:,} {outcome}" for outcome in _OUTCOMES))
    if summary["values_dropped"]:
        log.info("Invalid values left out of rows that were sent without them: %s", f"{summary['values_dropped']:,}")
    for line in describe_reasons(summary):
        log.info("%s", line)
    if summary["rejects_path"]:
        purpose = "so far" if ended_early else "to correct and load again"
        log.info("Rejects file, %s: %s", purpose, escape_unprintable(summary["rejects_path"]))
