"""The events of a task for OpenLineage. Imports OpenLineage, so only its listener may import this module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs
from airflow.providers.openlineage.extractors import OperatorLineage
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import RunFacet, output_statistics_output_dataset

if TYPE_CHECKING:
    from airflow_provider_clevertap.operators.lineage.dataset_names import DatasetName

#: The names of the facets in a run, for loads and exports.
LOAD: Final = "clevertap_load"
EXPORT: Final = "clevertap_export"


@attrs.define
class CleverTapLoadRunFacet(RunFacet):
    """What became of the rows of a load: counts, and no row data."""

    kind: str
    dry_run: str | None = None
    rows: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    invalid: int | None = None
    unconfirmed: int | None = None
    skipped: int | None = None
    values_dropped: int | None = None
    requests: int | None = None
    retries: int | None = None
    seconds: float | None = None
    resumed_from_row: int | None = None
    codes: dict[str, int] | None = None

    _additional_skip_redact: ClassVar[list[str]] = ["kind", "dry_run", "codes"]


@attrs.define
class CleverTapExportRunFacet(RunFacet):
    """What an export has written: counts and times, and no record data."""

    kind: str
    rows: int | None = None
    files: int | None = None
    partitions: int | None = None
    empty: int | None = None
    trimmed: int | None = None
    requests: int | None = None
    retries: int | None = None
    seconds: float | None = None

    _additional_skip_redact: ClassVar[list[str]] = ["kind"]


_FACETS: Final[Mapping[str, type[Any]]] = {LOAD: CleverTapLoadRunFacet, EXPORT: CleverTapExportRunFacet}


@dataclass(slots=True)
class Report:
    """What a task reports.

    :param inputs: what it reads.
    :param outputs: what it writes, with counts as ``outputStatistics`` has them, if they are known.
    :param facet: the name of its facet.
    :param summary: its summary, once it has one.
    """

    inputs: Sequence[Any] = ()
    outputs: Mapping[DatasetName, Mapping[str, int] | None] = field(default_factory=dict)
    facet: str = LOAD
    summary: Mapping[str, Any] | None = None

    def with_annotations(self, inlets: Iterable[Any], outlets: Iterable[Any]) -> OperatorLineage[Any, Any]:
        """Return what the listener sends.

        Airflow reads a task's own inlets and outlets only where an operator reports no dataset, so they are added here.

        :param inlets: the task's inlets, as the user set them.
        :param outlets: its outlets.
        """
        return OperatorLineage(
            inputs=_with_annotations(map(_input, self.inputs), inlets),
            outputs=_with_annotations([_output(*each) for each in self.outputs.items()], outlets),
            run_facets={} if self.summary is None else {self.facet: _run_facet(self.facet, self.summary)},
        )


def _input(dataset: Any) -> Any:
    return dataset if hasattr(dataset, "facets") else InputDataset(*dataset)


def _output(dataset: DatasetName, counts: Mapping[str, int] | None) -> OutputDataset:
    if counts is None:
        return OutputDataset(*dataset)
    known: Any = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
    names = {each.name for each in attrs.fields(known)}  # older releases have no fileCount
    statistics = known(**{name: number for name, number in counts.items() if name in names})
    return OutputDataset(*dataset, outputFacets={"outputStatistics": statistics})


def _run_facet(name: str, summary: Mapping[str, Any]) -> Any:
    facet = _FACETS[name]
    return facet(**{each.name: summary[each.name] for each in attrs.fields(facet) if each.name in summary})


def _with_annotations(datasets: Iterable[Any], annotations: Iterable[Any]) -> list[Any]:
    found = {(dataset.namespace, dataset.name): dataset for dataset in datasets}
    for annotation in annotations:
        dataset = ExtractorManager.convert_to_ol_dataset(annotation)
        if dataset is not None:
            found.setdefault((dataset.namespace, dataset.name), dataset)
    return list(found.values())
