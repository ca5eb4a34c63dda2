"""How many rows may fail before their load fails with them."""

from __future__ import annotations

from airflow_provider_clevertap.exceptions import TooManyRejectsError
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary


def check_reject_limit(summary: Summary, options: LoadOptions) -> None:
    """Look at how many rows of a load have failed.

    :raises TooManyRejectsError: when they are more than ``max_rejects`` allows.
    """
    failed, allowed = summary.failed, options.max_rejects
    limit = allowed * summary.rows if isinstance(allowed, float) else allowed
    if failed <= limit:
        return
    shown = f"{allowed:.2%} of the rows" if isinstance(allowed, float) else f"{allowed:,}"
    where = "Set rejects_path to see which rows and why."
    if options.rejects_path is not None:
        where = f"Which rows and why: {options.rejects_path}"
    raise TooManyRejectsError(
        f"{failed:,} of {summary.rows:,} rows failed and max_rejects allows {shown}; "
        f"{summary.accepted:,} rows were accepted. {where}",
        summary.to_dict(),
    )
