"""The cost of parsing a DAG file with our operators, compared with one that uses Airflow's bare ``BaseOperator``."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS
from benchmarks.reporting import Table, spread

TITLE = "Parsing a DAG file with three tasks of each operator"
FILES = {
    "bare": "Airflow's `BaseOperator`",
    "ours": "the upload operators",
}
_TASKS = 3
_BARE = [f"Bare{number}" for number in range(len(UPLOAD_KINDS))]
_DAG = """
from datetime import datetime
from airflow.providers.common.compat.sdk import DAG, BaseOperator
{imports}
with DAG("parsed", schedule=None, start_date=datetime(2026, 1, 1)):
    for number in range({tasks}):
        for kind in ({operators}):
            kind(task_id=f"{{kind.__name__}}_{{number}}"{arguments})
"""
_SOURCES = {
    "bare": _DAG.format(
        imports="\n".join(f"class {name}(BaseOperator): ..." for name in _BARE),
        tasks=_TASKS,
        operators=", ".join(_BARE),
        arguments="",
    ),
    "ours": _DAG.format(
        imports="\n".join(
            [
                "from airflow_provider_clevertap.columns import Column",
                *(f"from {kind.operator_module} import {kind.operator}" for kind in UPLOAD_KINDS),
            ]
        ),
        tasks=_TASKS,
        operators=", ".join(kind.operator for kind in UPLOAD_KINDS),
        arguments=', source="/data/people.csv", columns={"Joined": Column("Joined On", type="date")}',
    ),
}
#: Runs the file as the DAG processor does, where Airflow itself is already imported.
_PARSE = """
import json, resource, sys, time
from airflow.providers.common.compat.sdk import DAG, BaseOperator
source = compile(sys.stdin.read(), "dag.py", "exec")
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
started = time.perf_counter()
exec(source, {"__name__": "dag"})
print(json.dumps({"file_ms": (time.perf_counter() - started) * 1000, "all_cpu": cpu()}))
"""


def measure(turns: int) -> list[dict[str, dict[str, float]]]:
    """Parse both files in turn, each time in a fresh interpreter.

    :param turns: how many times.
    """
    with tempfile.TemporaryDirectory() as home:
        for name in FILES:  # not measured: Airflow writes its configuration, Python its bytecode
            _parse(name, home)
        return [{name: _parse(name, home) for name in FILES} for _ in range(turns)]


def table(turns: Sequence[dict[str, dict[str, float]]]) -> Table:
    """Return a table of the medians."""
    rows = [["", "the file alone, ms", "interpreter, Airflow and file, CPU s", "CPU, times bare"]]
    for name, title in FILES.items():
        ratios = [turn[name]["all_cpu"] / turn["bare"]["all_cpu"] for turn in turns]
        file_ms = statistics.median(turn[name]["file_ms"] for turn in turns)
        rows.append(
            [title, f"{file_ms:.0f}", spread((turn[name]["all_cpu"] for turn in turns), "{:.2f}"),
             f"{statistics.median(ratios):.2f}"]
        )  # fmt: skip
    return rows


def _parse(name: str, home: str) -> dict[str, float]:
    environment = os.environ | {"AIRFLOW_HOME": home}
    done = subprocess.run(
        [sys.executable, "-c", _PARSE],
        input=_SOURCES[name],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The DAG file with {FILES[name]} cannot be parsed:\n{done.stderr}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured
