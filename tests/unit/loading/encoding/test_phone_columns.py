"""Local phone numbers read as a column become what the models make of them, for every country."""

from __future__ import annotations

import random
from typing import get_args

import phonenumbers
import pyarrow as pa
import pytest

from airflow_provider_clevertap.loading.encoding.vectorized.phones import convert_international, select_number_converter
from airflow_provider_clevertap.loading.encoding.vectorized.select import select_converter
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.phones import PhoneCheck, read_phone

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


def numbers(country: str, source: random.Random) -> list[str]:
    """Make numbers as people of a country write them, and numbers near those."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country)
    example = phonenumbers.example_number(country)
    national = phonenumbers.national_significant_number(example) if example else "12345678"
    made = []
    for _ in range(200):
        digits = list(national)
        for _ in range(source.randrange(4)):
            digits[source.randrange(len(digits))] = str(source.randrange(10))
        text = "".join(digits)
        dice = source.random()
        if dice < 0.2:
            text = "".join(source.choices("0123456789", k=source.randrange(1, 16)))
        elif dice < 0.4:
            prefix = source.choice([plan.national_prefix or "0", "0", "00", "1", "8", str(plan.country_code), "+"])
            text = prefix + text
        if source.random() < 0.3:
            at = source.randrange(len(text) + 1)
            text = (
                text[:at] + source.choice([" ", "-", "(", ")", "--", "  ", " (", ".", "/", "x", "\u0663"]) + text[at:]
            )
        made.append(text)
    return made


def by_the_models(text: str, country: str | None, check: PhoneCheck = "valid") -> str | None:
    try:
        return read_phone(text, country, check)
    except ValueError:
        return None


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_converter_agrees_with_the_models(country: str) -> None:
    cells = numbers(country, random.Random(country))
    for check in get_args(PhoneCheck):
        convert = select_number_converter(country, check)
        assert convert is not None
        found, undecided = convert(pa.array(cells, pa.string()))
        for index, (cell, number) in enumerate(zip(cells, found.to_pylist(), strict=True)):
            if number is None:
                assert undecided is not None
                assert undecided[index]
            else:
                assert by_the_models(cell, country, check) == f"+{number}", cell


@pytest.mark.parametrize("country", [None, *COUNTRIES[::10], "DE", "IN"])
def test_dots_and_slashes_are_read_as_the_models_read_them(country: str | None) -> None:
    source = random.Random(country)
    examples = [f"+{code}{text}" for code, text in (("33", "612345600"), ("49", "30123456")) for _ in range(100)]
    examples += numbers(country or "FR", source)
    cells = ["".join(digit + source.choice(["", "", "", "", "", ".", "/", " "]) for digit in text) for text in examples]
    cells += [text + ending for text in examples for ending in (".0", ".00", ".5", "/79")]
    for check in get_args(PhoneCheck):
        settings = {"default_country": country, "phone_check": check}
        converter = select_converter(CellRule("Phone", custom=False), pa.string(), settings)
        assert converter is not None
        converted = converter(pa.array(cells, pa.string()))
        assert len(converted.text.drop_null()) > len(cells) / 10
        for cell, number in zip(cells, converted.text.to_pylist(), strict=True):
            assert number is None or by_the_models(cell, country, check) == number, cell


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("IN", "9812345678"),
        ("IN", "098123 45678"),
        ("US", "(212) 555-0123"),
        ("GB", "020 7946 0958"),
        ("DE", "0170-1234567"),
        ("CA", "(416) 555-0123"),
        ("IN", "919812345678"),
    ],
)
def test_ordinary_numbers_are_decided(country: str, text: str) -> None:
    convert = select_number_converter(country)
    assert convert is not None
    found, undecided = convert(pa.array([text, None], pa.string()))
    assert undecided is None
    assert found.to_pylist() == [by_the_models(text, country)[1:], None]


@pytest.mark.parametrize("country", COUNTRIES)
def test_numbers_with_their_country_s_code_become_what_the_models_make_of_them(country: str) -> None:
    source = random.Random(country)
    code = phonenumbers.country_code_for_region(country)
    cells = [f"+{code}{source.choice(['', ' ', '-', ' (0)', '(0', '  '])}{text}" for text in numbers(country, source)]
    found, undecided = convert_international(pa.array([*cells, None], pa.string()).slice(0))
    for index, (cell, number) in enumerate(zip(cells, found.to_pylist(), strict=False)):
        if number is None:
            assert undecided is not None
            assert undecided[index]
        else:
            assert f"+{number}" == by_the_models(cell, country) == by_the_models(cell, "IN"), cell


def test_common_numbers_with_their_country_s_code_are_decided() -> None:
    cells = ["+91 98123 45678", "+44 20 7946 0958", "+44 (0)20 7946 0958", "+49 30 901820", "+1 (201) 555-0123"]
    _, undecided = convert_international(pa.array(cells))
    assert undecided is None


def test_digits_that_make_no_number_are_undecided() -> None:
    cells = ["\u00b2", "\u2460\u2461\u2462 5", "+\u00b9\u00b9 5", "\u0663\u0664", "+91 98123 45678"]
    numbers, undecided = convert_international(pa.array(cells))
    assert numbers.to_pylist() == [None, None, None, None, "919812345678"]
    assert undecided is not None
    assert undecided.tolist() == [True, True, True, True, False]
