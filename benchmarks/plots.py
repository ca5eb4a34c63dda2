"""Two plots, as SVG: speed, CPU time and memory by the number of rows, and CPU time by stage."""

from __future__ import annotations

import io
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

#: Okabe and Ito's colours, distinguishable with colour blindness, and two more.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999", "#44aa99", "#882255")
SERIES = {"load-csv": "this package, CSV", "to-dict": "script: read_csv, to_dict, requests.post"}
PANELS: tuple[tuple[str, Callable[[Mapping[str, Any]], float]], ...] = (
    ("thousand rows/s", lambda run: run["rows"] / run["wall"] / 1e3),
    ("CPU s per million rows", lambda run: run["cpu"] / run["rows"] * 1e6),
    ("peak MB", lambda run: run["peak_mb"]),
)
#: Text stays text, and the same figures give the same file.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "clevertap", "font.size": 9, "axes.spines.top": False,
         "axes.spines.right": False}  # fmt: skip

_REST = "everything else"


def draw(directory: Path) -> None:
    """Draw the plots for which there are results in a directory, next to them."""
    for name, plot in (("scaling", scaling), ("stages", stages)):
        results = directory / f"{name}.json"
        if results.exists():
            svg = plot(json.loads(results.read_text(encoding="utf-8"))["runs"])
            (directory / f"{name}.svg").write_text(svg, encoding="utf-8")


def scaling(runs: Sequence[Mapping[str, Any]]) -> str:
    """Draw speed, CPU time and memory over the number of rows."""
    from matplotlib import pyplot

    with pyplot.rc_context(STYLE):
        figure, panels = pyplot.subplots(1, len(PANELS), figsize=(9.4, 2.8), layout="constrained")
        for panel, (title, value) in zip(panels, PANELS, strict=True):
            for colour, (name, label) in zip(COLOURS, SERIES.items(), strict=False):
                medians = _medians(name, runs, value)
                panel.plot(list(medians), list(medians.values()), "o-", color=colour, label=label)
            sizes = sorted({run["rows"] for run in runs})
            panel.set(xscale="log", title=title)
            panel.set_xticks(sizes, [_size(size) for size in sizes])
            panel.minorticks_off()
            panel.set_ylim(bottom=0)
            panel.grid(axis="y", color="#ddd")
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=len(SERIES), frameon=False
        )
        return _svg(figure)


def _medians(
    name: str, runs: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float]
) -> dict[int, float]:
    """Return the medians of a series by the number of rows."""
    own = [run for run in runs if run["row"].startswith(f"{name}-x")]
    sizes = sorted({run["rows"] for run in own})
    return {size: statistics.median(value(run) for run in own if run["rows"] == size) for size in sizes}


def stages(runs: Sequence[Mapping[str, Any]]) -> str:
    """Draw a bar for each load, with a part for each stage."""
    from matplotlib import pyplot

    loads = {run["title"].replace("`", ""): _seconds_by_stage(run) for run in runs}
    names = list(dict.fromkeys(name for seconds in loads.values() for name in seconds if name != _REST))
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(9.4, 1.2 + 0.34 * len(loads)), layout="constrained")
        ends = [0.0] * len(loads)
        for colour, name in zip(cycle(COLOURS), [*names, _REST], strict=False):
            parts = [seconds.get(name, 0.0) for seconds in loads.values()]
            bars = axes.barh(list(loads), parts, left=ends, color=colour, label=name)
            ends = [end + part for end, part in zip(ends, parts, strict=True)]
        axes.bar_label(bars, [f"{end:.2f}" for end in ends], padding=4)
        axes.set_title("CPU s per million rows", loc="left")
        axes.invert_yaxis()
        figure.legend(loc="outside lower left", ncols=len(names) + 1, frameon=False, columnspacing=1, handlelength=1)
        return _svg(figure)


def _seconds_by_stage(run: Mapping[str, Any]) -> dict[str, float]:
    rest = max(run["cpu"] - sum(run["stages"].values()), 0)
    return {name: seconds / run["rows"] * 1e6 for name, seconds in (run["stages"] | {_REST: rest}).items()}


def _size(rows: int) -> str:
    return f"{rows / 1e6:g} M" if rows >= 1e6 else f"{rows / 1e3:g} k"


def _svg(figure: Any) -> str:
    from matplotlib import pyplot

    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return text.getvalue()
