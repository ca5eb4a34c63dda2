"""Property tests take the same examples in every run of the suite, so that none fails by chance."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

PROGRAM = """
import sys
from hypothesis import given, strategies as st
from tests.support.examples_of_properties import examples

if "others" in sys.argv:
    import of_another_test
    import airflow_provider_clevertap.records.error_codes

@examples(200)
@given(text=st.text(max_size=9), number=st.integers(), share=st.floats(), either=st.sets(st.text(max_size=4)))
def draw(**drawn):
    print(ascii(sorted(map(repr, drawn["either"]))), ascii([drawn["text"], drawn["number"], drawn["share"]]))

draw()
"""


def examples_of(directory: Path, hash_seed: int, *arguments: str) -> str:
    path = os.pathsep.join(map(str, (ROOT, directory)))
    environment = {name: value for name, value in os.environ.items() if name != "EXAMPLES_TIMES"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**environment, "PYTHONPATH": path, "PYTHONHASHSEED": str(hash_seed)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_examples_do_not_depend_on_what_ran_before(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(2_000)]
    numbers = [str(number) for number in range(10_000, 12_000)]
    (tmp_path / "of_another_test.py").write_text(f"WORDS = {words}\nNUMBERS = [{', '.join(numbers)}]\n")
    found = examples_of(tmp_path, 1)
    assert found.count("\n") >= 200
    assert found == examples_of(tmp_path, 1, "others")
    assert found == examples_of(tmp_path, 2)
