"""Column names: which are left out, and what makes a set of names unusable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import ADDED_COLUMNS, OUTCOME_COLUMNS

#: As many as a spreadsheet has, and several times what any profile may: a file with more is no table of people. Each
#: column costs memory in every block, so there has to be an end.
MAX_COLUMNS: Final = 16_384


def usable_names(names: Iterable[str]) -> tuple[str, ...]:
    """Give the columns a source yields: all but those of a rejects file."""
    return tuple(name for name in names if name not in ADDED_COLUMNS)


def is_added_column(names: Iterable[str]) -> bool:
    """Tell whether these are the columns of a rejects file, whose CSV cells have formula marks."""
    return set(OUTCOME_COLUMNS).issubset(names)


def check_names(names: Sequence[Any], where: str, *, header: str = "the header", remedy: str | None = None) -> None:
    """Refuse column names no mapping could tell apart.

    :param names: the names as the source has them.
    :param where: the source, for the message.
    :param header: what the names stand in.
    :param remedy: how columns are named in this kind of source, for the message; default: as in files and frames.
    :raises SourceError: when a name is empty, is not text, or is there twice, or there are too many.
    """
    check_count(len(names), where)
    foreign = [name for name in names if not isinstance(name, str)]
    if foreign:
        listed = ", ".join(map(repr, foreign[:10]))
        raise SourceError(
            f"{where}: column names must be text, these are not: {listed}. "
            + (remedy or "Rename them, for example frame.columns = [str(name) for name in frame.columns].")
        )
    unnamed = [position for position, name in enumerate(names, 1) if not name.strip()]
    if unnamed:
        listed = ", ".join(map(str, unnamed[:10]))
        raise SourceError(
            f"{where}: {header} has no name for column {listed}. "
            + (remedy or "Name it, or remove it; pandas writes such a column unless to_csv is called with index=False.")
        )
    if names and not usable_names(names):
        raise SourceError(f"{where}: every column is one a rejects file adds; the source's own columns are gone.")
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        listed = ", ".join(map(repr, repeated[:10]))
        raise SourceError(
            f"{where}: these columns are there more than once: {listed}. {remedy or 'Give each its own name.'}"
        )


def check_count(columns: int, where: str) -> None:
    """Refuse more columns than there is any use for.

    :raises SourceError: when there are more than :data:`MAX_COLUMNS`.
    """
    if columns > MAX_COLUMNS:
        raise SourceError(
            f"{where}: there are more than {MAX_COLUMNS:,} columns. Check that this is the right source, and leave out "
            "what is not to be loaded."
        )


def check_same_names(names: Sequence[str], first: Sequence[str], where: str, first_where: str) -> None:
    """Refuse a part of a source whose columns are not those of its first part; their order is free.

    :raises SourceError: when a column is missing or added.
    """
    missing = [name for name in first if name not in names]
    added = [name for name in names if name not in first]
    if missing or added:
        differences = [f"lacks {', '.join(map(repr, missing[:10]))}"] if missing else []
        differences += [f"also has {', '.join(map(repr, added[:10]))}"] if added else []
        raise SourceError(
            f"{where}: all parts of one load must have the same columns. Compared with {first_where}, this one "
            f"{' and '.join(differences)}. Load it by itself."
        )
