"""Fail a load when more of its rows failed than ``max_rejects`` allows."""

from __future__ import annotations

from itertools import islice
from typing import Final

from airflow_provider_clevertap.exceptions import TooManyRejectsError, escape_unprintable
from airflow_provider_clevertap.loading.options import LoadOptions, RejectLimit
from airflow_provider_clevertap.loading.outcomes.reasons import describe_reasons
from airflow_provider_clevertap.loading.outcomes.summary import Summary

#: Reasons in the message; the summary has more.
_MAX_REASONS: Final = 5


def too_many_rejects(summary: Summary, options: LoadOptions) -> TooManyRejectsError | None:
    """Return the error of a load with more failed rows than ``max_rejects`` allows, ``None`` when it allows them.

    Airflow logs a traceback after everything the load has logged, so the message has what people look for.
    """
    limit = RejectLimit.of(options.max_rejects)
    if limit.allows(summary.failed, summary.rows):
        return None
    where = "Set rejects_path to see which rows and why."
    if options.rejects_path is not None:
        where = f"Which rows and why: {escape_unprintable(options.rejects_path)}"
    facts = summary.to_dict()
    lines = [
        f"{summary.failed:,} of {summary.rows:,} rows failed and max_rejects allows {limit}; "
        f"{summary.accepted:,} {'row was' if summary.accepted == 1 else 'rows were'} accepted.",
        *(f"- {reason}" for reason in islice(describe_reasons(facts), _MAX_REASONS)),
        where,
    ]
    return TooManyRejectsError("\n".join(lines), facts)
