"""Fail a load when more of its rows failed than ``max_rejects`` allows."""

from __future__ import annotations

from airflow_provider_clevertap.exceptions import TooManyRejectsError
from airflow_provider_clevertap.loading.options import LoadOptions, RejectLimit
from airflow_provider_clevertap.loading.outcomes.summary import Summary


def check_reject_limit(summary: Summary, options: LoadOptions) -> None:
    """Compare the number of rows that failed with ``max_rejects``.

    :raises TooManyRejectsError: when they are more than ``max_rejects`` allows.
    """
    limit = RejectLimit.of(options.max_rejects)
    if limit.allows(summary.failed, summary.rows):
        return
    where = "Set rejects_path to see which rows and why."
    if options.rejects_path is not None:
        where = f"Which rows and why: {options.rejects_path}"
    raise TooManyRejectsError(
        f"{summary.failed:,} of {summary.rows:,} rows failed and max_rejects allows {limit}; "
        f"{summary.accepted:,} rows were accepted. {where}",
        summary.to_dict(),
    )
