"""Put measured tables and plots into docs/performance.md: ``python -m benchmarks.publishing``.

The page has a place for each table between two comments. Only what has been measured is replaced.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from benchmarks.measuring import RESULTS, ROOT
from benchmarks.reporting import machine_line

PAGE = ROOT / "docs" / "performance.md"
PLACE = re.compile(r"(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
PLOTS = {
    "scaling": "Speed, CPU time and memory from few rows to many",
    "stages": "CPU seconds per million rows, station by station",
}


def filled(page: str, results: Path, images: Path) -> str:
    """Give the page with every table there is a result for.

    :param results: the directory with the results.
    :param images: the directory of the page; plots are copied there.
    """
    records = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}

    def place(found: re.Match[str]) -> str:
        before, name, after = found.groups()
        if name == "machine" and records:
            lines = dict.fromkeys(machine_line(record["machine"]) for record in records.values())
            return before + "".join(f"Measured on {line}.\n" for line in lines) + after
        if name not in records:
            return found.group()
        return before + _shown(name, records[name], results, images) + after

    return PLACE.sub(place, page)


def _shown(name: str, record: dict[str, Any], results: Path, images: Path) -> str:
    shown = f"{record['table']}\n\n{record['took']}.\n"
    if name not in PLOTS:
        return shown
    image = images / f"performance-{name}.svg"
    shutil.copyfile(results / f"{name}.svg", image)
    return f"{shown}\n![{PLOTS[name]}]({image.name})\n"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page, RESULTS, PAGE.parent), encoding="utf-8")
    print(f"Written into {PAGE}")


if __name__ == "__main__":
    main()
