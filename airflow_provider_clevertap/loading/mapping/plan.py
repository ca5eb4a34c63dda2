"""Make one rule for each source column, and find every mistake in the mapping before the first row is sent."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.mapping.rules import make_rule
from airflow_provider_clevertap.loading.options import Unmapped
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.record_validation import RecordSchema

#: Names of columns in one message.
_MAX_LISTED = 30


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """A source column and the rule that reads it.

    :param source: the column.
    :param rule: how it is read, and the field it fills.
    :param requested: the field as the user, or the source, spells it.
    """

    source: str
    rule: CellRule
    requested: str


def plan_columns(
    names: Sequence[str],
    choices: Mapping[str, Column | None],
    *,
    schema: RecordSchema,
    unmapped: Unmapped = "send",
    fixed: bool = True,
    constants: Collection[str] = (),
    latest_birth: int | None = None,
    defaults: Mapping[str, Column | None] = MappingProxyType({}),
) -> tuple[PlannedColumn, ...]:
    """Decide for each source column which field it fills and how.

    :param names: the source's columns.
    :param choices: what they become, as far as the user has chosen it.
    :param schema: the kind of record.
    :param unmapped: what happens to columns without a choice.
    :param fixed: every column of the source is known now. Else columns may appear later, and a column that cannot be
        sent makes only the rows that fill it invalid.
    :param constants: the fields that are the same in every record, which no column may fill.
    :param latest_birth: the latest date of birth that is possible, in seconds since 1970; ``None`` for no limit.
    :param defaults: what columns become without a choice of the user.
    :raises MappingError: when the columns cannot become a record as asked.
    """
    if fixed:
        _check_sources_exist(names, choices)
        _check_are_named(names, choices)
        names = named(names)
    others = [name for name in names if name not in choices and name not in defaults]
    if others and unmapped == "error":
        raise MappingError(
            f"not mapped, and unmapped='error': {_listed(others)}. Map each to a field, or to None to leave it out"
        )
    planned = []
    for name in names:
        choice = choices.get(name, defaults.get(name, Column() if unmapped == "send" else None))
        if choice is not None and (name in defaults or not _is_left_out(name, choices, schema)):
            requested = name if choice.name is None else choice.name
            rule = make_rule(name, choice, schema, latest_birth)
            if not fixed and name not in choices and not rule.in_data and rule.key in constants:
                rule = replace(rule, problem=f"{rule.key} is set for all records, so no column may fill it")
            planned.append(PlannedColumn(name, rule, requested))
    _check_fields_are_distinct(planned, constants)
    _check_property_names(column for column in planned if fixed or column.source in choices)
    if fixed:
        _check_required_fields(planned, names, schema, constants)
    return tuple(planned)


def check_key_column(key: str, names: Sequence[str], types: Sequence[Any]) -> None:
    """Check the column whose value groups rows.

    :param types: the columns' Arrow types; ``None`` for Python values.
    :raises MappingError: when there is no such column, or its type cannot hold long ids exactly.
    """
    _check_sources_exist(names, {key: None})
    if str(dict(zip(names, types, strict=True))[key]) in ("halffloat", "float", "double"):
        raise MappingError(
            f"column {key!r} holds floating-point numbers, in which long ids can become equal: read it as text "
            "(pandas.read_csv(..., dtype={...: 'str'}), or .astype('Int64') first)"
        )


def notes_on(planned: Sequence[PlannedColumn], schema: RecordSchema) -> Iterable[str]:
    """Return what a user should know about a mapping that has no mistake."""
    for column in planned:
        if column.requested != column.rule.key:
            yield f"{column.requested!r} is taken for CleverTap's field {column.rule.key!r}"
    custom, limit = sum(column.rule.custom for column in planned), schema.custom_limit
    if limit is not None and custom > limit:
        yield f"{custom} custom attributes: CleverTap documents a limit of {limit} and may drop the excess"


def named(names: Iterable[str]) -> list[str]:
    """Return the columns that have a name; the others of a CSV file are left out."""
    return [name for name in names if name.strip()]


def notes_on_unnamed(names: Sequence[str]) -> Iterable[str]:
    """Return what a user should know about the columns that have no name."""
    unnamed = [str(number) for number, name in enumerate(names, 1) if not name.strip()]
    if unnamed:
        yield f"Left out, as the header has no name for it: column {_and_more(unnamed)}"


def _check_sources_exist(names: Sequence[str], choices: Mapping[str, Column | None]) -> None:
    unknown = [name for name in choices if name not in names]
    if unknown:
        hints = [f" (did you mean {near!r}?)" for near in _nearest(unknown[0], names)]
        also = f", nor {_listed(unknown[1:])}" if unknown[1:] else ""
        raise MappingError(
            f"the source has no column {unknown[0]!r}{''.join(hints)}{also}; its columns are {_listed(names)}"
        )


def _check_are_named(names: Sequence[str], choices: Mapping[str, Column | None]) -> None:
    for number, name in enumerate(names, 1):
        if not name.strip() and choices.get(name) is not None:
            raise MappingError(f"column {number} is mapped, and has no name in the header: write its name there")


def _nearest(name: str, names: Iterable[str]) -> list[str]:
    lowered = {candidate.strip().lower(): candidate for candidate in names}
    return [lowered[near] for near in difflib.get_close_matches(name.strip().lower(), lowered, n=1)]


def _is_left_out(source: str, choices: Mapping[str, Column | None], schema: RecordSchema) -> bool:
    """Return whether a column without a choice is left out because the record takes known fields only."""
    return (
        not schema.takes_custom
        and source not in choices
        and schema.canonical(source) not in (*schema.top, *schema.known)
    )


def _check_fields_are_distinct(planned: Sequence[PlannedColumn], constants: Collection[str]) -> None:
    for column in planned:
        if not column.rule.in_data and column.rule.key in constants and column.rule.problem is None:
            raise MappingError(
                f"column {column.source!r} would become {column.rule.key}, which is set for all records: map "
                "the column to None, or do not set the field for all records"
            )
    counts = Counter((column.rule.in_data, column.rule.key) for column in planned)
    for (_, key), count in counts.items():
        if count > 1:
            sources = _listed([column.source for column in planned if column.rule.key == key])
            raise MappingError(f"columns {sources} would all become {key}: map the others to None or to other names")


def _check_property_names(planned: Iterable[PlannedColumn]) -> None:
    invalid = [column for column in planned if column.rule.problem is not None]
    if invalid:
        also = f" The same applies to {_listed([column.source for column in invalid[1:]])}." if invalid[1:] else ""
        raise MappingError(
            f"column {invalid[0].source!r} cannot become a property: {invalid[0].rule.problem}. "
            f"Map it to another name, or to None to leave it out.{also}"
        )


def _check_required_fields(
    planned: Sequence[PlannedColumn], names: Sequence[str], schema: RecordSchema, constants: Collection[str]
) -> None:
    filled = {column.rule.key for column in planned}.union(constants)
    if schema.identifiers and filled.isdisjoint(schema.identifiers):
        raise MappingError(
            f"no column identifies the owner of a row: map one to {' or '.join(schema.identifiers)}, "
            f"such as columns={{'customer_id': '{schema.identifiers[0]}'}}; the source's columns are {_listed(names)}"
        )
    missing = [field for field in schema.required if field not in filled]
    if missing:
        raise MappingError(
            f"no column becomes {' and '.join(missing)}: map one, such as columns={{'...': '{missing[0]}'}}"
            f"{schema.required_hints.get(missing[0], '')}; the source's columns are {_listed(names)}"
        )


def _listed(names: Sequence[str]) -> str:
    return _and_more([repr(name) for name in names])


def _and_more(texts: Sequence[str]) -> str:
    listed, more = ", ".join(texts[:_MAX_LISTED]), len(texts) - _MAX_LISTED
    return f"{listed} and {more} more" if more > 0 else listed or "none"
