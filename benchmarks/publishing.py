"""Write measured tables and plots into docs/performance.md, and draw a trend: ``python -m benchmarks.publishing``.

The page has two comments for each table, which enclose it. Only tables with new results are replaced.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from benchmarks.measuring import RESULTS, ROOT
from benchmarks.reporting import machine_line
from benchmarks.trend import draw_trend

PAGE = ROOT / "docs" / "performance.md"
TABLE = re.compile(r"(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
PLOTS = {
    "scaling": "Speed, CPU time and memory from few rows to many",
    "stages": "CPU seconds per million rows, by stage",
}


def fill_in(page: str, results: Path, images: Path) -> str:
    """Return the page with the tables that have results replaced.

    :param results: the directory with the results.
    :param images: the directory of the page; plots are copied there.
    """
    records = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}

    def replace(match: re.Match[str]) -> str:
        before, name, after = match.groups()
        if name == "machine" and records:
            lines = dict.fromkeys(machine_line(record["machine"]) for record in records.values())
            return before + "".join(f"Measured on {line}.\n" for line in lines) + after
        if name not in records:
            return match.group()
        return before + _section(name, records[name], results, images) + after

    return TABLE.sub(replace, page)


def _section(name: str, record: dict[str, Any], results: Path, images: Path) -> str:
    section = f"{record['table']}\n\n{record['took']}.\n"
    if name not in PLOTS:
        return section
    image = images / f"performance-{name}.svg"
    shutil.copyfile(results / f"{name}.svg", image)
    return f"{section}\n![{PLOTS[name]}]({image.name})\n"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(fill_in(page, RESULTS, PAGE.parent), encoding="utf-8")
    draw_trend(PAGE.parent / "trend.svg")
    print(f"Written into {PAGE}, and trend.svg beside it")


if __name__ == "__main__":
    main()
