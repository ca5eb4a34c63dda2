"""Fuzz targets: the inputs, and what must hold for each of them.

Each target is a strategy and a function that runs the code under test on one example and returns how often it ran it.
A target fails with an exception that the package does not document, with a contradictory result, or by hanging.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.support.fuzz import messages
from tests.support.fuzz.answers import ANSWERS, read_answers
from tests.support.fuzz.columns.examples import examples as columns_of_any_type
from tests.support.fuzz.columns.loads import load_in_every_role
from tests.support.fuzz.files import CSV, JSON_LINES, read_csv, read_json_lines
from tests.support.fuzz.mappings import CELLS_WITH_OPTIONS, MAPPINGS, plan, read_cells
from tests.support.fuzz.rows import ROWS, encode


class Target(NamedTuple):
    """One thing to fuzz.

    :param examples: the inputs.
    :param run: tests one example; returns how often the code under test ran.
    :param share: its share of a long run: less for slower targets.
    :param short: the number of examples in a short run.
    :param round: the number of examples in a round of a long run, which hypothesis keeps in memory.
    """

    examples: st.SearchStrategy[Any]
    run: Callable[[Any], int]
    share: float
    short: int = 60
    round: int = 5_000


TARGETS = {
    "answers": Target(ANSWERS, read_answers, 0.3),
    "csv": Target(CSV, read_csv, 0.1),
    "json lines": Target(JSON_LINES, read_json_lines, 0.12),
    "messages": Target(messages.examples(), messages.load, 0.02, round=1_000),
    "mapping": Target(MAPPINGS, plan, 0.2),
    "formats": Target(CELLS_WITH_OPTIONS, read_cells, 0.25),
    "rows": Target(ROWS, encode, 0.03),
    "columns": Target(columns_of_any_type(), load_in_every_role, 0.2, short=25, round=500),
}
