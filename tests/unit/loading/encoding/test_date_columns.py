"""Dates in formats of their own, read as a column, become what the models make of them."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.loading.encoding.vectorized.dates import select_date_converter
from airflow_provider_clevertap.records.dates import DateReader, strptime_format

FORMATS = [
    "yyyy-MM-dd", "dd/MM/yyyy", "MM/dd/yyyy", "dd.MM.yyyy", "dd-MM-yyyy", "MM-dd-yyyy", "yyyy/MM/dd", "yyyyMMdd",
    "ddMMyyyy", "MMddyyyy", "dd MM yyyy", "MM/yyyy", "yyyy", "dd/MM/yyyy HH:mm", "MM/dd/yyyy HH:mm",
    "yyyy-MM-ddTHH:mm:ss", "yyyyMMddHHmmss", "HH:mm dd.MM.yyyy", "dd MMM yyyy", "%d/%m/%y", "%y%m%d", "%d/%B/%Y",
    "%Y-%j", "%d/%m/%Y %I:%M %p", "%Y-%m-%d %H:%M%z", "%d  %m %Y", "%d %m %Y %H", "%d/%m/20%y", "%Y%%%m%%%d",
    "%Y-%m-%dt%H", "epoch", "epoch_ms",
]  # fmt: skip


def written(source: random.Random, formats: tuple[str, ...]) -> str:
    """Write a moment in one of some formats, well or badly."""
    moment = datetime(1890, 1, 1) + timedelta(minutes=source.randrange(120_000_000))
    pattern = source.choice(formats)
    text = str(int(moment.timestamp())) if pattern.startswith("epoch") else moment.strftime(strptime_format(pattern))
    dice = source.random()
    if dice < 0.15:
        place = source.randrange(len(text) + 1)
        return text[:place] + source.choice(["0", "9", " ", "/", "-", "x", "é", "T", ":"]) + text[place + 1 :]
    if dice < 0.2:
        return text.replace("0", "", 1)
    if dice < 0.25:
        return "".join(source.choice("0123456789") if letter.isdigit() else letter for letter in text)
    return text


@pytest.mark.parametrize("seed", range(150))
def test_the_converter_agrees_with_the_models(seed: int) -> None:
    source = random.Random(seed)
    reader = None
    while reader is None:
        formats = tuple(source.sample(FORMATS, k=source.choice([1, 2, 2, 3, 4])))
        with suppress(ValueError):  # formats that can never agree
            reader = DateReader(formats, source.choice(["UTC", "Europe/Berlin"]))
    cells = [None if source.random() < 0.1 else written(source, formats) for _ in range(400)]
    convert = select_date_converter(reader, pa.string())
    if convert is None:
        return
    found, undecided = convert(pa.array(["before", *cells], pa.string()).slice(1))
    for index, (cell, seconds) in enumerate(zip(cells, found.to_pylist(), strict=True)):
        if cell is None or (undecided is not None and undecided[index]):
            continue
        assert seconds == reader.seconds(cell), (formats, cell)


def test_dates_in_several_formats_need_no_model() -> None:
    formats = ("dd/MM/yyyy", "MM/dd/yyyy", "yyyy-MM-dd", "dd.MM.yyyy HH:mm")
    convert = select_date_converter(DateReader(formats), pa.string())
    assert convert is not None
    cells = pa.array(["26/07/1990", "07/26/1990", "1990-07-26", "26.07.1990 00:00", "07/07/1990", None])
    found, undecided = convert(cells)
    assert found.to_pylist() == [648950400, 648950400, 648950400, 648950400, 647308800, None]
    assert undecided is None


def test_a_date_with_two_meanings_is_left_to_the_models() -> None:
    reader = DateReader(("dd/MM/yyyy", "MM/dd/yyyy"))
    convert = select_date_converter(reader, pa.string())
    assert convert is not None
    _, undecided = convert(pa.array(["02/03/2020", "26/07/1990"]))
    assert undecided is not None
    assert undecided.tolist() == [True, False]
    with pytest.raises(PydanticCustomError, match="ambiguous"):
        reader.seconds("02/03/2020")
