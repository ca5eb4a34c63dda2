"""A DAG file pays for Airflow's BaseOperator and next to nothing more: everything heavy waits until a task runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

AIRFLOW = """
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, BaseOperatorLink, DecoratedOperator, mask_secret
"""
OURS = """
import airflow_provider_clevertap.operators.profiles
import airflow_provider_clevertap.hooks.clevertap
import airflow_provider_clevertap.columns
import airflow_provider_clevertap.sources
"""
#: Airflow imports all decorators as soon as a DAG file uses any decorator that a provider brings.
DECORATORS = """
import airflow_provider_clevertap.decorators.profiles
import airflow_provider_clevertap.decorators.events
import airflow_provider_clevertap.decorators.device_tokens
import airflow_provider_clevertap.decorators.subscriptions
"""
LISTED = """
import json, sys
print(json.dumps(sorted(sys.modules)))
"""
HEAVY = {"aiohttp", "httpx", "msgspec", "numpy", "pandas", "phonenumbers", "polars", "pyarrow", "pydantic"}


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + LISTED], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.airflow
@pytest.mark.parametrize(("code", "most"), [(OURS, 34), (OURS + DECORATORS, 43)], ids=["operators", "decorators"])
def test_a_dag_file_brings_in_no_other_library(code: str, most: int) -> None:
    added = modules_after(AIRFLOW + code) - modules_after(AIRFLOW)
    ours = {name for name in added if name.startswith("airflow_provider_clevertap")}
    foreign = {name.partition(".")[0] for name in added - ours} - set(sys.stdlib_module_names)
    assert foreign == set()
    assert "airflow_provider_clevertap.operators.profiles" in ours
    assert len(ours) <= most, "more of the package is imported than a DAG file needs"


@pytest.mark.airflow
def test_provider_discovery_imports_not_even_airflow() -> None:
    added = modules_after("import airflow_provider_clevertap.provider_info") - modules_after("")
    assert {name.partition(".")[0] for name in added} & (HEAVY | {"airflow"}) == set()
