"""Names of months in the languages of exports."""

from __future__ import annotations

import pytest

from airflow_provider_clevertap.records.written.months import _ABBREVIATIONS, _ENGLISH, _NAMES, with_english_months


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("3. März 2026", "%d. %B %Y", "3. March 2026"),
        ("3. MÄRZ 2026", "%d. %B %Y", "3. March 2026"),
        ("3. Ma\u0308rz 2026", "%d. %B %Y", "3. March 2026"),
        ("3 fevrier 2026", "%d %B %Y", "3 February 2026"),
        ("11 de septiembre de 2008", "%d de %B de %Y", "11 de September de 2008"),
        ("1 août 2026", "%d %B %Y", "1 August 2026"),
        ("09-mrz-2026", "%d-%b-%Y", "09-Mar-2026"),
        ("09/dez/26", "%d/%b/%y", "09/Dec/26"),
        ("26 July 1990", "%d %B %Y", "26 July 1990"),
        # A format for abbreviations reads no whole names, as in English.
        ("3 marzo 2026", "%d %b %Y", "3 marzo 2026"),
        ("3. März 2026", "%d. %m %Y", "3. März 2026"),
    ],
)
def test_the_name_of_a_month_becomes_english(text: str, pattern: str, expected: str) -> None:
    assert with_english_months(text, pattern) == expected


@pytest.mark.parametrize(("lines", "directive"), [(_NAMES, "%B"), (_ABBREVIATIONS, "%b")])
def test_no_name_means_two_months(lines: tuple[str, ...], directive: str) -> None:
    for line in lines:
        months = [_ENGLISH[directive][name] for name in line.split()]
        assert len(set(months)) == 12
