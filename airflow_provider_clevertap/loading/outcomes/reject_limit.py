"""Fail a load when more of its rows failed than ``max_rejects`` allows."""

from __future__ import annotations

from airflow_provider_clevertap.exceptions import TooManyRejectsError
from airflow_provider_clevertap.loading.options import LoadOptions, RejectLimit
from airflow_provider_clevertap.loading.outcomes.summary import Summary


def too_many_rejects(summary: Summary, options: LoadOptions) -> TooManyRejectsError | None:
    """Return the error of a load with more failed rows than ``max_rejects`` allows, ``None`` when it allows them."""
    limit = RejectLimit.of(options.max_rejects)
    if limit.allows(summary.failed, summary.rows):
        return None
    where = "Set rejects_path to see which rows and why."
    if options.rejects_path is not None:
        where = f"Which rows and why: {options.rejects_path}"
    return TooManyRejectsError(
        f"{summary.failed:,} of {summary.rows:,} rows failed and max_rejects allows {limit}; "
        f"{summary.accepted:,} rows were accepted. {where}",
        summary.to_dict(),
    )
