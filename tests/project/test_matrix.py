"""The pages on support say what was run."""

from __future__ import annotations

import re

from scripts.matrix import LINES, ROWS
from tests.support.paths import ROOT


def test_the_page_on_installing_has_the_result_of_each_environment() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    table = page[page.index("<!-- matrix -->") : page.index("<!-- end -->")]
    found = re.findall(r"^\| ([\d.]+) \| ([\d.]+) \| (lowest|newest): .* \| passed \|$", table, re.MULTILINE)
    assert found == [(row.airflow, row.python, row.resolution) for row in ROWS]


def test_the_readme_names_each_airflow_that_was_tried() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\| Airflow \| .*$", readme, re.MULTILINE)
    assert [airflow for airflow in LINES if airflow not in line] == []
