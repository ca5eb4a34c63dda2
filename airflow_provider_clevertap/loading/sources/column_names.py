"""Check the column names of a source, and leave out the columns that a rejects file adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Final

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import ADDED_COLUMNS, OUTCOME_COLUMNS

#: The maximum of a spreadsheet, and several times what a profile may have. Each column costs memory in every block, so
#: a limit is needed.
MAX_COLUMNS: Final = 16_384


def usable_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of a source without those that a rejects file adds."""
    return tuple(name for name in names if name not in ADDED_COLUMNS)


def is_rejects_file(names: Iterable[str]) -> bool:
    """Return whether these are the columns of a rejects file, whose CSV cells have formula marks."""
    return set(OUTCOME_COLUMNS).issubset(names)


def with_unnamed(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which no two are equal because both are blank: such a column has no name and is left out."""
    blanks = count()
    return tuple(name if not isinstance(name, str) or name.strip() else " " * next(blanks) for name in names)


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
    unnamed = [position for position, name in enumerate(names, 1) if not name.strip()]
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
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        listed = ", ".join(map(repr, repeated[:10]))
        raise SourceError(
            f"{where}: these columns occur more than once: {listed}. {remedy or 'Use a different name for each.'}"
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
