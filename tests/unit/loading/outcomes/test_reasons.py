"""Reasons are counted for any number of rows and columns, and what a summary holds of them stays small."""

from __future__ import annotations

import json

from airflow_provider_clevertap.loading.outcomes.outcome import EMPTY_ROW, HELD_BACK, Outcome, Reason, RowOutcome
from airflow_provider_clevertap.loading.outcomes.reasons import (
    MAX_BYTES,
    MAX_KEPT,
    MAX_LISTED,
    OTHER_COLUMNS,
    ReasonCounts,
    describe_reasons,
)


def invalid(*reasons: Reason) -> RowOutcome:
    return RowOutcome(Outcome.INVALID, None, "several", "a text of this row alone", reasons=reasons)


def test_a_row_counts_under_each_of_its_reasons() -> None:
    counts = ReasonCounts()
    both = invalid(Reason("Email", 515, "not an address"), Reason("age", None, "not a number"))
    counts.add("a.csv", 1, {0: both, 2: both, 3: invalid(both.reasons[0]), 5: EMPTY_ROW})
    counts.add("a.csv", 11, dict.fromkeys(range(6), invalid(both.reasons[0])))
    reasons, further = counts.most_frequent()
    assert all(list(one) == ["outcome", "code", "column", "reason", "rows", "first_rows", "file"] for one in reasons)
    assert [(one["outcome"], one["code"], one["column"], one["rows"], one["first_rows"]) for one in reasons] == [
        ("invalid", 515, "Email", 9, [1, 3, 4, 11, 12]),
        ("invalid", None, "age", 2, [1, 3]),
        ("skipped", None, None, 1, [6]),
    ]
    assert further == {"reasons": 0, "rows": 0}


def test_rejected_rows_count_by_code_without_the_text_of_the_answer() -> None:
    counts = ReasonCounts()
    rejected = [RowOutcome(Outcome.REJECTED, 515, "Email", f"Email someone{n}@private is not valid") for n in range(9)]
    rejected += [RowOutcome(Outcome.REJECTED, None, "", "HTTP 400: someone@private"), rejected[0]._replace(code=999)]
    rejected += [rejected[0]._replace(reason=f"someone@private{HELD_BACK}")]
    counts.add("", 1, dict(enumerate(rejected)))
    reasons, _ = counts.most_frequent()
    assert [(one["code"], one["rows"]) for one in reasons] == [(515, 9), (None, 1), (999, 1), (515, 1)]
    assert reasons[0]["reason"] == "Email is not an e-mail address; correct the address"
    assert reasons[3]["reason"] == reasons[0]["reason"] + HELD_BACK
    assert "private" not in json.dumps(reasons)


def test_rows_are_named_in_the_first_file_with_the_reason() -> None:
    counts = ReasonCounts(many_files=True)
    bad = invalid(Reason("age", None, "not a number"))
    counts.add("north.csv", 1, {4: bad})
    counts.add("south.csv", 1, {0: bad, 1: bad})
    reasons, further = counts.most_frequent()
    assert [(one["rows"], one["first_rows"], one["file"]) for one in reasons] == [(3, [5], "north.csv")]
    lines = list(describe_reasons({"reasons": reasons, "further_reasons": further}))
    assert lines == ["3 rows invalid (column age): not a number [rows 5, ... of north.csv]"]


def test_reasons_of_failed_rows_come_before_those_of_other_rows() -> None:
    counts = ReasonCounts()
    counts.add("", 1, dict.fromkeys(range(99), EMPTY_ROW))
    dropped = RowOutcome(Outcome.ACCEPTED, values_dropped=1, reasons=(Reason("age", None, "not a number"),))
    counts.add("", 1, dict.fromkeys(range(9), dropped), left_out=True)
    counts.add("", 1, {0: invalid(Reason("Email", 515, "not an address"))})
    reasons, further = counts.most_frequent()
    assert [(one["outcome"], one["rows"]) for one in reasons] == [("invalid", 1), ("skipped", 99), ("left out", 9)]
    assert list(describe_reasons({"reasons": reasons, "further_reasons": further})) == [
        "1 row invalid (column Email, code 515): not an address [row 1]",
        "99 rows skipped: every cell of the row is empty [rows 1, 2, 3, 4, 5, ...]",
        "values left out of 9 rows (column age): not a number [rows 1, 2, 3, 4, 5, ...]",
    ]


def test_any_number_of_columns_takes_bounded_memory_and_loses_no_count() -> None:
    counts = ReasonCounts()
    for number in range(5 * MAX_KEPT):
        counts.add("", number + 1, {0: invalid(Reason(f"column {number}", None, "not a number"))})
        counts.add("", number + 1, {0: invalid(Reason("", None, f"reason {number}"))})
    assert len(counts._counts) <= 2 * MAX_KEPT + len(Outcome) + 1
    reasons, further = counts.most_frequent()
    assert len(reasons) == MAX_LISTED
    assert sum(one["rows"] for one in reasons) + further["rows"] == 10 * MAX_KEPT
    assert OTHER_COLUMNS in {one["column"] for one in reasons}
    *_, last = describe_reasons({"reasons": reasons, "further_reasons": further})
    assert last == f"{further['reasons']:,} further reasons, {further['rows']:,} rows"


def test_no_name_makes_the_summary_large_or_forges_a_line_of_the_log() -> None:
    counts = ReasonCounts(many_files=True)
    for number in range(MAX_LISTED):
        name = f"{number}\r\n\N{GRINNING FACE}\ud800" + "\N{GRINNING FACE}" * 999
        counts.add(name, 1, {0: invalid(Reason(name, 515, name))})
    reasons, further = counts.most_frequent()
    assert reasons
    assert len(json.dumps(reasons)) <= MAX_BYTES
    assert len(reasons) + further["reasons"] == MAX_LISTED
    assert all(line.isprintable() for line in describe_reasons({"reasons": reasons, "further_reasons": further}))
