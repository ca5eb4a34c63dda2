"""Every kind of record that can be uploaded is loaded under faults, killed, fuzzed and measured."""

from __future__ import annotations

import pytest

from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS, UploadKind
from benchmarks.contenders import CONTENDERS
from benchmarks.data import DATASETS
from benchmarks.tables import TABLES
from tests.support.chaos.here import HERE
from tests.support.chaos.kinds import KINDS
from tests.support.fuzz.rows import ROWS_OF
from tests.support.killed_load_cases import CASES, STORED
from tests.support.random_tables import GOOD_ROWS

ALL = pytest.mark.parametrize("kind", UPLOAD_KINDS, ids=lambda kind: kind.module)


def name_of(kind: UploadKind) -> str:
    return kind.make_record_kind({}).name


@ALL
def test_a_kind_is_loaded_under_faults_and_killed(kind: UploadKind) -> None:
    name = name_of(kind)
    assert name in {loaded.record.name for loaded in KINDS.values()}
    assert name in {case.kind.name for case in CASES.values()}
    assert name in STORED


def test_each_endpoint_is_loaded_under_local_faults() -> None:
    endpoints = {kind.make_record_kind({}).endpoint for kind in UPLOAD_KINDS}
    assert {CASES[name].kind.endpoint for name in HERE} == endpoints


@ALL
def test_a_kind_is_fuzzed_and_its_converters_are_compared_with_its_models(kind: UploadKind) -> None:
    assert kind.module in ROWS_OF
    assert name_of(kind) in GOOD_ROWS


@ALL
def test_a_kind_is_measured(kind: UploadKind) -> None:
    datasets = {name for name, dataset in DATASETS.items() if dataset.load_as()[0].name == name_of(kind)}
    for table in ("kinds", "first-load", "stages"):
        assert datasets & {CONTENDERS[job.contender].dataset for job in TABLES[table].jobs}, table
