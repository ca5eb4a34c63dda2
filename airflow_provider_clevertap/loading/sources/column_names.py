"""Check the column names of a source, and leave out the columns that a rejects file adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import ADDED_COLUMNS, OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.records.texts.names import visible_name

#: The maximum of a spreadsheet, and several times what a profile may have. Each column costs memory in every block, so
#: a limit is needed.
MAX_COLUMNS: Final = 16_384


def usable_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of a source without those that a rejects file adds."""
    return tuple(name for name in names if name not in ADDED_COLUMNS)


def names_in_schema(schema: Any, where: str) -> list[str]:
    """Return the names of the columns of an Arrow schema.

    :param where: the source, for the message.
    :raises SourceError: when a name is not UTF-8.
    """
    try:
        return list(schema.names)
    except UnicodeDecodeError:
        raise name_error(where) from None


def name_error(where: str) -> SourceError:
    """Return the error for a name that is not UTF-8.

    :param where: the source, for the message.
    """
    return SourceError(
        f"{where}: the name of a column is not valid UTF-8. Rename it, or leave the column out of the source."
    )


def with_visible_names(block: RowBlock) -> RowBlock:
    """Return a block whose columns have the names that people see."""
    shown = {name: visible_name(name) for name in block.names}
    if all(name == as_shown for name, as_shown in shown.items()):
        return block
    return replace(
        block,
        names=tuple(shown.values()),
        columns={shown[name]: cells for name, cells in block.columns.items()},
        objects={shown[name]: cells for name, cells in block.objects.items()},
    )


def is_rejects_file(names: Iterable[str]) -> bool:
    """Return whether these are the columns of a rejects file, whose CSV cells have formula marks."""
    return set(OUTCOME_COLUMNS).issubset(names)


def names_of_header(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns as people see them.

    A column without a name is left out of the records. The names of these columns are blanks, as many as make no two of
    them equal.
    """
    blanks = count()
    names = map(visible_name, cells)
    return tuple(name if name.strip() else " " * next(blanks) for name in names)


def check_names(
    names: Sequence[Any],
    where: str,
    *,
    header: str = "the header",
    remedy: str | None = None,
    unnamed_allowed: bool = False,
) -> None:
    """Check that column names can be used in a mapping.

    :param names: the names as the source has them.
    :param where: the source, for the message.
    :param header: where the names come from, for the message.
    :param remedy: how to name columns in this kind of source, for the message; default: as in files and DataFrames.
    :param unnamed_allowed: columns may have no name.
    :raises SourceError: when a name is empty, not text or repeated, or there are too many.
    """
    check_count(len(names), where)
    not_text = [name for name in names if not isinstance(name, str)]
    if not_text:
        listed = ", ".join(map(repr, not_text[:10]))
        raise SourceError(
            f"{where}: column names must be text; these are not: {listed}. "
            + (remedy or "Rename them, for example frame.columns = [str(name) for name in frame.columns].")
        )
    unnamed = [position for position, name in enumerate(names, 1) if not visible_name(name).strip()]
    if unnamed and not unnamed_allowed:
        listed = ", ".join(map(str, unnamed[:10]))
        raise SourceError(
            f"{where}: {header} has no name for column {listed}. "
            + (remedy or "Name it, or remove it; pandas writes such a column unless to_csv is called with index=False.")
        )
    if names and not usable_names(names):
        raise SourceError(
            f"{where}: all columns are those that a rejects file adds; the columns of the source itself are missing."
        )
    _check_distinct([name for name in names if visible_name(name).strip()], where, remedy)


def _check_distinct(names: Sequence[str], where: str, remedy: str | None) -> None:
    remedy = remedy or "Use a different name for each."
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise SourceError(
            f"{where}: these columns occur more than once: {', '.join(map(repr, repeated[:10]))}. {remedy}"
        )
    shown = Counter(map(visible_name, names))
    alike = [name for name in names if shown[visible_name(name)] > 1]
    if alike:
        raise SourceError(
            f"{where}: these columns have names that look the same: {', '.join(map(ascii, alike[:10]))}. {remedy}"
        )


def check_count(columns: int, where: str) -> None:
    """Check the number of columns.

    :raises SourceError: when there are more than :data:`MAX_COLUMNS`.
    """
    if columns > MAX_COLUMNS:
        raise SourceError(
            f"{where}: there are more than {MAX_COLUMNS:,} columns. Check that this is the right source, and leave out "
            "columns that are not to be loaded."
        )


def check_same_names(names: Sequence[str], first: Sequence[str], where: str, first_where: str) -> None:
    """Check that a part of a source has the same columns as its first part, in any order.

    :raises SourceError: when a column is missing or additional.
    """
    missing = [name for name in first if name not in names]
    added = [name for name in names if name not in first]
    if missing or added:
        differences = [f"lacks {', '.join(map(repr, missing[:10]))}"] if missing else []
        differences += [f"also has {', '.join(map(repr, added[:10]))}"] if added else []
        raise SourceError(
            f"{where}: all parts of one load must have the same columns. Compared with {first_where}, this one "
            f"{' and '.join(differences)}. Load it separately."
        )
