"""What a load must know about the records that it uploads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_clevertap.api.endpoints import ENVELOPE, UPLOAD, Endpoint
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.limits import BIRTH_AFTER_NOW
from airflow_provider_clevertap.records.record_validation import RecordSchema


@dataclass(frozen=True, slots=True)
class OrderLines:
    """How the lines of an order become one ``Charged`` event.

    :param group_by: the source column with the order's id; consecutive rows with the same value are one order.
    :param items: the source columns of each item, and what they become.
    """

    group_by: str
    items: Mapping[str, Column | None]


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record.

    :param name: its name in the summary and the log, such as ``profiles``.
    :param record_type: the record's ``type`` in ``POST /1/upload``; ``None`` for records without such a field.
    :param schema: the model of the record and the fields a column may fill.
    :param records_per_call: the maximum number of records in one request.
    :param repeatable: sending a record without counting operations twice has the same effect as sending it once.
    :param constants: top-level fields that are the same in every record.
    :param settings: what the validation needs besides the row.
    :param distinct: a field whose value should be different in each row; rows with duplicates are counted.
    :param last_wins: the text fields of a record that may have one record in a load: of several rows with the same
        values in them, the last one is sent, and the earlier ones are skipped. Empty when every row is sent.
    :param lines: how several rows make one record; ``None`` when each row makes one record.
    :param profile_update_kind: the kind of the profile update that may precede a record of this kind.
    :param endpoint: where the records are sent.
    :param envelope: what stands before and after the records in a request's body.
    :param started_at: the time that counts as now in constants and settings, seconds since 1970; 0 when none does yet.
    """

    name: str
    record_type: str | None
    schema: RecordSchema
    records_per_call: int
    repeatable: bool
    constants: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    distinct: str | None = None
    last_wins: tuple[str, ...] = ()
    lines: OrderLines | None = None
    profile_update_kind: RecordKind | None = None
    endpoint: Endpoint = UPLOAD
    envelope: tuple[bytes, bytes] = ENVELOPE
    started_at: int = 0

    def with_start_time(self, moment: int) -> RecordKind:
        """Return the kind with another time as now: the start of a load, or of the attempt that began it.

        :param moment: seconds since 1970.
        """
        constants, settings = dict(self.constants), dict(self.settings)
        if "ts" in constants:
            constants["ts"] = moment
        if "latest_ts" in settings:
            settings["latest_ts"] += moment - self.started_at
        updates = self.profile_update_kind
        return replace(
            self,
            constants=constants,
            settings=settings,
            started_at=moment,
            profile_update_kind=None if updates is None else updates.with_start_time(moment),
        )

    @property
    def latest_birth(self) -> int | None:
        """The latest date of birth that is possible, in seconds since 1970; ``None`` when no time counts as now."""
        return self.started_at + BIRTH_AFTER_NOW if self.started_at else None
