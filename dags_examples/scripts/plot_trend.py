"""Draw the file that ``CleverTapTrendsOperator`` writes: one panel for each group, as SVG, PNG or PDF.

    python plot_trend.py orders.parquet orders.svg

It needs matplotlib. To draw within a DAG, call ``draw`` in a task.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd

#: Text stays text, and the same numbers give the same file.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "clevertap", "font.size": 9, "axes.spines.top": False,
         "axes.spines.right": False}  # fmt: skip
COLOUR = "#0072b2"


def read_trend(path: str | Path) -> pd.DataFrame:
    """Return the rows of a trend: ``group``, ``period``, ``start`` and ``count``."""
    readers: dict[str, Any] = {".csv": pd.read_csv, ".gz": lambda file: pd.read_json(file, lines=True)}
    rows: pd.DataFrame = readers.get(Path(path).suffix, pd.read_parquet)(path)
    return rows


def draw(rows: pd.DataFrame, picture: str | Path) -> None:
    """Draw a panel for each group into a file, whose ending is its format."""
    from matplotlib import pyplot

    groups = list(dict.fromkeys(rows["group"]))
    with pyplot.rc_context(STYLE):
        size = (9.4, 0.6 + 2.1 * len(groups))
        figure, panels = pyplot.subplots(len(groups), squeeze=False, figsize=size, layout="constrained")
        for panel, group in zip(panels[:, 0], groups, strict=True):
            _draw_group(panel, rows[rows["group"] == group].sort_values("period"))
            panel.set_title(group, loc="left")
            panel.set_ylim(bottom=0)
            panel.set_axisbelow(True)
            panel.grid(axis="y", color="#ddd")
        figure.savefig(picture, metadata={"Date": None} if str(picture).endswith(".svg") else None)
        pyplot.close(figure)


def _draw_group(panel: Any, rows: pd.DataFrame) -> None:
    """Draw days as a line with the mean of a week, and longer periods as bars."""
    if rows["start"].isna().any():  # weeks, unless ``weeks`` of the task is set
        panel.bar(rows["period"].astype(str), rows["count"], color=COLOUR)
        return
    days = pd.to_datetime(rows["start"])
    counts = pd.Series(rows["count"].to_numpy(), days)
    if len(days) < 2 or days.diff().min() > pd.Timedelta(days=1):
        labels = [f"{day:%b %Y}" if day.day == 1 else f"{day:%d %b}" for day in days]
        panel.bar_label(panel.bar(labels, counts, color=COLOUR), fmt="{:,.0f}")
        return
    # A day on which nothing happened is missing, and is no gap.
    daily = counts.asfreq("D", fill_value=0)
    panel.plot(daily.index, daily, color=COLOUR, alpha=0.35, label="each day")
    panel.plot(daily.index, daily.rolling(7, center=True).mean(), color=COLOUR, label="mean of seven days")
    panel.legend(loc="upper left", frameon=False, ncols=2)


if __name__ == "__main__":
    draw(read_trend(sys.argv[1]), sys.argv[2])
