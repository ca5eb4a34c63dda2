"""Why rows failed, counted: the same reason of many rows is one line of the summary, without a value of any row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from airflow_provider_clevertap.exceptions import escape_unprintable
from airflow_provider_clevertap.loading.outcomes.outcome import HELD_BACK, Outcome, Reason, RowOutcome
from airflow_provider_clevertap.records.error_codes import ERROR_CODES

#: Reasons in a summary.
MAX_LISTED: Final = 20
#: Rows named for one reason.
MAX_ROWS_NAMED: Final = 5
#: Bytes of JSON that the reasons of a summary may take together.
MAX_BYTES: Final = 16_384
#: Reasons kept while a load runs. A source may have thousands of columns, and each column several reasons.
MAX_KEPT: Final = 1_000
#: Characters of a text in a summary; a column may have a name of any length.
_MAX_TEXT: Final = 400
_MAX_NAME: Final = 100

#: Stands for an outcome where a bad value was left out of a row that was sent without it.
LEFT_OUT: Final = "left out"
#: Stands for a column once more reasons were met than are kept.
OTHER_COLUMNS: Final = "(other columns)"

_UNCONFIRMED: Final = "it may or may not have been processed: there was no clear answer to its batch"
_REJECTED: Final = "CleverTap rejected it; the rejects file has its text"
_FAILED: Final = (Outcome.REJECTED.value, Outcome.INVALID.value, Outcome.UNCONFIRMED.value)


class _Key(NamedTuple):
    outcome: str
    column: str
    code: int | None
    text: str


@dataclass(slots=True)
class _Count:
    """How many rows have a reason, and the first of them.

    :param file: the file of the rows that are named.
    """

    file: str
    rows: int = 0
    first_rows: list[int] = field(default_factory=list)

    def add(self, file: str, first_row: int, rows: list[int]) -> None:
        self.rows += len(rows)
        missing = MAX_ROWS_NAMED - len(self.first_rows)
        if missing > 0 and file == self.file:
            self.first_rows += [first_row + row for row in rows[:missing]]


class ReasonCounts:
    """Counts the rows of a load by the reasons of their outcomes. A row counts once under each of its reasons.

    :param many_files: the source has several files, so that the number of a row alone does not name it.
    """

    def __init__(self, *, many_files: bool = False) -> None:
        self._many_files = many_files
        self._counts: dict[_Key, _Count] = {}

    def add(self, file: str, first_row: int, outcomes: Mapping[int, RowOutcome], *, left_out: bool = False) -> None:
        """Count some rows of one block.

        :param file: the block's file, empty for none.
        :param first_row: the number of its first row.
        :param outcomes: the outcomes of the rows by their position in the block, ascending.
        :param left_out: the reasons are those of values that were left out.
        """
        # Rows with the same mistakes share one outcome, so a block with thousands of bad rows has few to look at.
        file = file if self._many_files else ""
        rows_by_outcome: dict[object, tuple[RowOutcome, list[int]]] = {}
        for row, outcome in outcomes.items():
            shared: object = id(outcome)
            if outcome.outcome is Outcome.REJECTED:
                shared = (outcome.field, outcome.code, outcome.reason.endswith(HELD_BACK))
            rows_by_outcome.setdefault(shared, (outcome, []))[1].append(row)
        for outcome, rows in rows_by_outcome.values():
            for key in _keys(outcome, left_out=left_out):
                self._count_of(key, file).add(file, first_row, rows)

    def _count_of(self, key: _Key, file: str) -> _Count:
        if key not in self._counts and len(self._counts) >= MAX_KEPT:
            key = key._replace(column=OTHER_COLUMNS)
            if key not in self._counts and len(self._counts) >= 2 * MAX_KEPT:
                key = key._replace(code=None, text="other reasons")
        return self._counts.setdefault(key, _Count(file))

    def most_frequent(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Return the most frequent reasons as JSON can hold them, and how many others there are with their rows.

        Reasons of failed rows come first, so that thousands of skipped rows do not hide why ten failed.
        """
        counts = sorted(self._counts.items(), key=lambda item: (item[0].outcome not in _FAILED, -item[1].rows))
        listed: list[dict[str, Any]] = []
        size = 0
        for key, count in counts[:MAX_LISTED]:
            entry = _entry(key, count)
            size += len(json.dumps(entry))
            if size > MAX_BYTES:
                break
            listed.append(entry)
        further = counts[len(listed) :]
        return listed, {"reasons": len(further), "rows": sum(count.rows for _, count in further)}


def general_reason(outcome: Outcome, code: int | None) -> str:
    """Return why CleverTap did not accept a record, without CleverTap's own text: that may quote values."""
    if outcome is Outcome.UNCONFIRMED:
        return _UNCONFIRMED
    known = ERROR_CODES.get(code or 0)
    return f"{known.meaning}; {known.fix}" if known else _REJECTED


def describe_reasons(summary: Mapping[str, Any]) -> Iterator[str]:
    """Return the reasons of a summary as lines of text.

    :param summary: the summary as a dictionary.
    """
    for entry in summary["reasons"]:
        rows = f"{entry['rows']:,} {_rows(entry['rows'])}"
        what = f"values left out of {rows}" if entry["outcome"] == LEFT_OUT else f"{rows} {entry['outcome']}"
        about = [f"column {entry['column']}"] if entry["column"] else []
        about += [f"code {entry['code']}"] if entry["code"] is not None else []
        about_text = f" ({', '.join(about)})" if about else ""
        first = [f"{row:,}" for row in entry["first_rows"]] + ["..."] * (entry["rows"] > len(entry["first_rows"]))
        where = f"{_rows(entry['rows'])} {', '.join(first)}" + (f" of {entry['file']}" if entry["file"] else "")
        yield f"{what}{about_text}: {entry['reason']} [{where}]"
    further = summary["further_reasons"]
    if further["reasons"]:
        yield f"{further['reasons']:,} further reasons, {further['rows']:,} rows"


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _keys(outcome: RowOutcome, *, left_out: bool) -> Iterator[_Key]:
    label = LEFT_OUT if left_out else outcome.outcome.value
    reasons = outcome.reasons
    if outcome.outcome in (Outcome.REJECTED, Outcome.UNCONFIRMED):
        # From what the checkpoint stores of the row and no more, so that every attempt counts it in the same way.
        text = general_reason(outcome.outcome, outcome.code)
        text += HELD_BACK if outcome.reason.endswith(HELD_BACK) else ""
        reasons = (Reason(outcome.field, outcome.code, text),)
    elif not reasons and outcome.reason:
        reasons = (Reason(outcome.field, outcome.code, outcome.reason),)
    for reason in reasons:
        yield _Key(label, _shortened(reason.column, _MAX_NAME), reason.code, _shortened(reason.text, _MAX_TEXT))


def _entry(key: _Key, count: _Count) -> dict[str, Any]:
    return {
        "outcome": key.outcome,
        "code": key.code,
        "column": key.column or None,
        "reason": key.text,
        "rows": count.rows,
        "first_rows": list(count.first_rows),
        "file": _shortened(count.file[-_MAX_NAME:], _MAX_NAME) or None,
    }


def _shortened(text: str, characters: int) -> str:
    printable = escape_unprintable(text)
    return printable if len(printable) <= characters else f"{printable[: characters - 3]}..."
