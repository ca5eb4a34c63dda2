"""Two plots, as SVG: how figures move with the number of rows, and where the CPU time goes."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

#: told apart by people who see no red or green, too (Okabe and Ito)
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999", "#44aa99", "#882255")
SERIES = {"load-csv": "this package, CSV", "to-dict": "script: read_csv, to_dict, requests.post"}
PANELS: tuple[tuple[str, Callable[[Mapping[str, Any]], float]], ...] = (
    ("thousand rows/s", lambda run: run["rows"] / run["wall"] / 1e3),
    ("CPU s per million rows", lambda run: run["cpu"] / run["rows"] * 1e6),
    ("peak MB", lambda run: run["peak_mb"]),
)
Points = list[tuple[int, float]]


def draw(directory: Path) -> None:
    """Draw what can be drawn of the results in a directory, next to them."""
    for name, plot in (("scaling", scaling), ("stages", stages)):
        results = directory / f"{name}.json"
        if results.exists():
            svg = plot(json.loads(results.read_text(encoding="utf-8"))["runs"])
            (directory / f"{name}.svg").write_text(svg, encoding="utf-8")


def scaling(runs: Sequence[Mapping[str, Any]]) -> str:
    """Draw speed, CPU time and memory over the number of rows."""
    width, height, parts = 300, 230, []
    for place, (title, value) in enumerate(PANELS):
        lines = {name: _points(name, runs, value) for name in SERIES}
        parts.append(f'<g transform="translate({place * width},0)">{_panel(title, lines, width, height)}</g>')
    for place, title in enumerate(SERIES.values()):
        parts.append(_key(40 + place * 200, height + 14, COLOURS[place], title))
    return _svg(width * len(PANELS), height + 28, parts)


def _points(name: str, runs: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float]) -> Points:
    """Give the medians of a series, by the number of rows."""
    mine = [run for run in runs if run["row"].startswith(f"{name}-x")]
    sizes = sorted({run["rows"] for run in mine})
    return [(size, statistics.median(value(run) for run in mine if run["rows"] == size)) for size in sizes]


def _panel(title: str, lines: Mapping[str, Points], width: int, height: int) -> str:
    left, right, top, bottom = 48, width - 16, 34, height - 30
    points = [point for line in lines.values() for point in line]
    if not points:
        return ""
    low, high = (math.log10(pick(size for size, _ in points)) for pick in (min, max))
    most = _round_up(max(value for _, value in points))

    def at(size: int, value: float) -> tuple[float, float]:
        along = (math.log10(size) - low) / ((high - low) or 1)
        return round(left + along * (right - left), 1), round(bottom - value / most * (bottom - top), 1)

    parts = [_text(left, 20, title, weight="bold")]
    for share in (0, 0.5, 1):
        y = at(points[0][0], most * share)[1]
        parts.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/>')
        parts.append(_text(left - 6, y + 4, f"{most * share:,g}", anchor="end"))
    for size in sorted({size for size, _ in points}):
        parts.append(_text(at(size, 0)[0], bottom + 16, _size(size), anchor="middle"))
    for colour, line in zip(COLOURS, lines.values(), strict=False):
        places = [at(*point) for point in line]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places]
    return "".join(parts)


def stages(runs: Sequence[Mapping[str, Any]]) -> str:
    """Draw a bar for each load, with a piece for each station."""
    bars = {run["title"].replace("`", ""): _pieces(run) for run in runs}
    names = list(dict.fromkeys(name for pieces in bars.values() for name in pieces if name != _REST))
    colours = dict(zip([*names, _REST], COLOURS, strict=False))
    left, width, bar = 200, 900, 26
    most = _round_up(max(sum(pieces.values()) for pieces in bars.values()))
    scale = (width - left - 60) / most
    parts = [_text(left, 20, "CPU s per million rows", weight="bold")]
    for place, (name, pieces) in enumerate(bars.items()):
        y, x = 34 + place * (bar + 8), float(left)
        parts.append(_text(left - 8, y + bar / 2 + 4, name, anchor="end"))
        for stage, colour in colours.items():
            length = pieces.get(stage, 0) * scale
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{bar}" fill="{colour}">'
                f"<title>{escape(stage)}: {pieces.get(stage, 0):.2f}</title></rect>"
            )
            x += length
        parts.append(_text(x + 6, y + bar / 2 + 4, f"{sum(pieces.values()):.2f}"))
    y = 34 + len(bars) * (bar + 8) + 16
    step = (width - 30) / len(colours)
    parts += [_key(10 + at * step, y, colour, stage) for at, (stage, colour) in enumerate(colours.items())]
    return _svg(width, y + 14, parts)


_REST = "everything else"


def _pieces(run: Mapping[str, Any]) -> dict[str, float]:
    rest = max(run["cpu"] - sum(run["stages"].values()), 0)
    return {name: spent / run["rows"] * 1e6 for name, spent in (run["stages"] | {_REST: rest}).items()}


def _round_up(value: float) -> float:
    """Give the next number that reads well on an axis."""
    step: float = 10.0 ** math.floor(math.log10(value))
    return next(step * times for times in (1, 2, 3, 4, 6, 8, 10) if step * times >= value)


def _size(rows: int) -> str:
    return f"{rows / 1e6:g} M" if rows >= 1e6 else f"{rows / 1e3:g} k"


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'


def _key(x: float, y: float, colour: str, words: str) -> str:
    return f'<rect x="{x:.1f}" y="{y - 10}" width="12" height="12" fill="{colour}"/>{_text(x + 17, y, words)}'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'font-family="sans-serif" font-size="12" fill="#333"'
    return f'{head} {style}><rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
