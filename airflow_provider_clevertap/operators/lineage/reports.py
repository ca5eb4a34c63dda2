"""What loads and exports report to OpenLineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.operators.base.arguments import source_or_list
from airflow_provider_clevertap.operators.lineage.dataset_names import account_dataset, datasets_of, file_dataset
from airflow_provider_clevertap.operators.lineage.facets import EXPORT, LOAD, Report
from airflow_provider_clevertap.operators.lineage.tables import tables_of
from airflow_provider_clevertap.sources.described import SqlSource

if TYPE_CHECKING:
    import logging

    from airflow_provider_clevertap.operators.lineage.dataset_names import Account


def load_report(
    source: Any, account: Account | None, kinds: Iterable[str], summary: Mapping[str, Any] | None, log: logging.Logger
) -> Report:
    """Return what a load reports.

    :param source: what it loads; ``None`` as long as a function has not returned it.
    :param account: where it sends records, ``None`` when that is unknown.
    :param kinds: the kinds of record that are stored, that of the rows first; none in a dry run.
    :param summary: its summary, ``None`` as long as it has not started.
    :param log: the task's log.
    """
    source = None if source is None else source_or_list(source)
    # The tables of a query are asked for when the database has answered: a task must not wait for it twice.
    tables = tables_of(source, log) if isinstance(source, SqlSource) and summary is not None else []
    names = [] if account is None else [account_dataset(account, kind) for kind in kinds]
    counts = None if summary is None else {"rowCount": summary["accepted"]}
    outputs = {name: counts if number == 0 else None for number, name in enumerate(names)}
    return Report([*datasets_of(source), *tables], outputs, LOAD, summary)


def export_report(output: Any, account: Account | None, kind: str, summary: Mapping[str, Any] | None) -> Report:
    """Return what an export reports.

    :param output: the directory that it writes.
    :param account: where it reads, ``None`` when that is unknown.
    :param kind: what it exports.
    :param summary: its summary, ``None`` as long as it has not started.
    """
    counts = None if summary is None else {"rowCount": summary["rows"], "fileCount": summary["files"]}
    inputs = [] if account is None else [account_dataset(account, kind)]
    return Report(inputs, {file_dataset(output): counts}, EXPORT, summary)
