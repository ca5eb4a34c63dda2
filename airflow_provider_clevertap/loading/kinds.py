"""Kinds of record: all a load must know of what it uploads. A new kind is a new entry here and a new law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from airflow_provider_clevertap.records.law import Shape
from airflow_provider_clevertap.records.limits import PROFILES_PER_CALL
from airflow_provider_clevertap.records.profile import PROFILE_SHAPE


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record.

    :param name: what the summary and the log call it, such as ``profiles``.
    :param record_type: the record's ``type`` in ``POST /1/upload``.
    :param shape: the law's model and the fields a column may fill.
    :param records_per_call: the most records one call may carry.
    :param repeatable: a record without counting operations may be sent twice with the effect of once.
    """

    name: str
    record_type: str
    shape: Shape
    records_per_call: int
    repeatable: bool


PROFILES: Final = RecordKind(
    name="profiles",
    record_type="profile",
    shape=PROFILE_SHAPE,
    records_per_call=PROFILES_PER_CALL,
    repeatable=True,
)
