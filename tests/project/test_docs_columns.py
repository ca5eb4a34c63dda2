"""The columns page is correct: its examples are converted as documented, and its tables match the code."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.records import fields, limits, values
from airflow_provider_clevertap.records.operations import NOT_REPEATABLE, OPERATORS
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult
from airflow_provider_clevertap.records.texts.placeholders import (
    MACHINE_WORDS,
    is_cut_number,
    is_word_for_nothing,
    normalize,
)
from tests.support.doc_pages import code, prose, spans, table, tables

SCHEMA = PROFILES.schema
WORDS = {
    "Gender": fields.GENDER_WORDS,
    "Employed": fields.YES_NO_WORDS,
    "Married": fields.YES_NO_WORDS,
    "Education": fields.EDUCATION_WORDS,
    "MSG-email": {**dict.fromkeys(values.TRUE_WORDS, "true"), **dict.fromkeys(values.FALSE_WORDS, "false")},
}


def validate(column: Any, cell: str, **options: Any) -> ValidationResult:
    """Return the validation result of a row with one identity and one cell."""
    planned = plan_columns(["id", "cell"], parse_columns({"id": "identity", "cell": column}), schema=SCHEMA)
    return RecordValidator(SCHEMA, [column.rule for column in planned], **options).validate(["c-1", cell])


def check(result: ValidationResult, documented: str) -> None:
    """Compare a result with a table: JSON that is sent, ``left out``, or ``invalid: `` and the reason."""
    if documented.startswith("invalid: "):
        assert [issue.reason for issue in result.issues] == [documented.removeprefix("invalid: ").replace("`", "")]
        assert result.record is None
        return
    assert result.issues == ()
    fields_sent = {**result.record, **result.record["profileData"]}  # type: ignore[dict-item]
    sent = [value for name, value in fields_sent.items() if name not in ("type", "identity", "profileData")]
    assert sent == ([] if documented == "left out" else [json.loads(code(documented))])


EXAMPLES = [row for rows in tables("columns.md", "Column", "Cell", "Sent") for row in rows]
PHONES = table("columns.md", "`default_country`", "Cell", "Sent")


@pytest.mark.parametrize(("column", "cell", "sent"), EXAMPLES, ids=lambda text: text or "empty")
def test_examples_of_columns_are_converted_as_documented(column: str, cell: str, sent: str) -> None:
    check(validate(eval(code(column), {"Column": Column}), code(cell)), sent)  # noqa: S307


@pytest.mark.parametrize(("country", "cell", "sent"), PHONES, ids=lambda text: text or "none")
def test_examples_of_phones_are_converted_as_documented(country: str, cell: str, sent: str) -> None:
    check(validate("Phone", code(cell), default_country=code(country) or None), sent)


def test_there_are_examples_of_every_type_and_operator() -> None:
    written = " ".join(row[0] for row in EXAMPLES)
    assert all(f'type="{kind}"' in written for kind in ("integer", "float", "boolean", "date", "list"))
    assert all(f'operator="{operator}"' in written for operator in OPERATORS - {"$set"})


def test_the_table_of_fields_matches_the_models() -> None:
    rows = [(name, row) for row in table("columns.md", "Field", "Takes", "Sent") for name in spans(row[0])]
    assert sorted(name for name, _ in rows) == sorted([*SCHEMA.known, "ts"])
    for name, (_, takes, sent, error_code, operators) in rows:
        assert (int(error_code) if error_code else None) == SCHEMA.field_codes.get(name), name
        allowed = frozenset() if name == "ts" else SCHEMA.operators.get(name, OPERATORS)
        documented = {"all": OPERATORS, "none": frozenset()}.get(operators, frozenset(spans(operators)))
        assert documented == allowed, name
        if name in WORDS:
            assert set(spans(takes)) == set(WORDS[name]), name
            assert set(spans(sent)) == set(WORDS[name].values()), name


def test_operators_that_may_not_be_repeated_match_the_models() -> None:
    rows = table("columns.md", "Operator", "Takes")
    assert {code(row[0]) for row in rows} == OPERATORS
    assert {code(row[0]) for row in rows if not row[3].startswith("yes")} == NOT_REPEATABLE


def test_disallowed_identities_are_listed_on_both_pages() -> None:
    starts = {"columns.md": "are not accepted as identities", "rules.md": "no identifier is `undefined`"}
    for page, before in starts.items():
        listed = prose(page).partition(before)[2] if page == "columns.md" else before + prose(page).partition(before)[2]
        found = re.search(r"(`undefined`(?:\s+`[^`]+`)+)", listed)
        assert found is not None
        assert set(spans(found[1])) == limits.DISALLOWED_IDENTITIES


def test_words_that_programs_write_for_nothing_are_listed() -> None:
    rows = table("columns.md", "Written by", "Refused")
    listed = {normalize(word) for row in rows for word in spans(row[1])}
    assert listed >= MACHINE_WORDS
    for word in listed - {"#", "!", "?", "e+"}:
        assert is_word_for_nothing(word) or is_cut_number(word), word
