"""The conditions of a rule for faults: to which requests it applies."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

import msgspec

from airflow_provider_clevertap.emulator.kinds import KINDS
from airflow_provider_clevertap.emulator.settings import MAX_INTEGER, Count, Natural
from airflow_provider_clevertap.emulator.validation.common import identifiers_of

Integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class FaultRule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"
):
    """The conditions under which a fault applies to a request. All that are given must hold.

    :param path: only requests whose path begins with this.
    :param method: only requests with this method, such as ``GET``.
    :param kind: only requests with a record of this kind: ``profile``, ``event``, ``token`` or ``subscription``.
    :param identity: only requests with a record of this identity or objectId, or a subscription of this value.
    :param larger_than: only bodies with more bytes than this.
    :param more_than: only requests with more records than this.
    :param skip: let this many matching requests pass first.
    :param every: then apply to every Nth matching request.
    :param probability: then apply with this probability.
    :param seed: for ``probability``, so that a run can be repeated.
    :param times: apply this often, then never again; without a limit by default.
    """

    path: str = "/"
    method: str | None = None
    kind: str | None = None
    identity: str | None = None
    larger_than: Natural | None = None
    more_than: Natural | None = None
    skip: Natural = 0
    every: Count = 1
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    seed: Integer = 0
    times: Count | None = None

    is_for_records: ClassVar[bool] = False
    is_for_pages: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check that the kind exists."""
        if self.kind is not None and self.kind not in KINDS:
            msg = f"Unknown kind: use {', '.join(KINDS)}"
            raise ValueError(msg)


class FaultTarget(NamedTuple):
    """What a rule compares of a request.

    :param has_records: requests to its path contain records.
    :param has_cursor: it asks for a page of an export.
    """

    method: str
    path: str
    body: bytes
    has_records: bool = False
    has_cursor: bool = False


def has_identifier(record: object, identifier: str) -> bool:
    """Return whether the identity, objectId or value of a record, as text, is this one."""
    return any(str(value) == identifier for value in identifiers_of(record))
