"""Validate what a mapping declares for cells, before the first row is read: what replaces them, and the default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.rows.text_arrays import Mask
from airflow_provider_clevertap.records.cell_validation import CellResult
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.written.value_map import MIDNIGHT

#: Keys in one message.
_MAX_LISTED: Final = 20

#: Validates a value as the column's cells are; ``None`` where the result depends on the rest of the row.
Validate: TypeAlias = Callable[[Any], CellResult | None]


@dataclass(slots=True)
class DeclaredCells:
    """What a mapping declares for the cells of one column, and how often it has applied.

    :param keys: the texts that it replaces.
    :param left_out: marks the keys whose cells, or items of lists, are left out.
    :param texts: for each of them, the JSON of the value that it stands for; ``None`` where it is left out, or where
        the models must decide. Of a list, the text of the item.
    :param undecided: marks the keys for which the models must decide.
    :param default: the JSON of the value in place of an empty cell, ``None`` for nothing.
    :param counts: how many cells, or items of lists, each key has replaced; ``None`` when nothing has counted them.
    """

    keys: Sequence[str]
    left_out: Mask
    texts: Sequence[str | None]
    undecided: Mask
    default: str | None
    counts: NDArray[np.int64] | None = None

    def count(self, keys: NDArray[np.int64], times: NDArray[np.int64] | int) -> None:
        """Count the keys of replaced cells.

        :param keys: their numbers.
        :param times: how many cells each stands for.
        """
        if self.counts is None:
            self.counts = np.zeros(len(self.keys), np.int64)
        np.add.at(self.counts, keys, times)

    def notes(self, source: str) -> Iterator[str]:
        """Return what the user should know at the end of a load.

        :param source: the column.
        """
        if self.counts is None:
            return
        cells = [f"{key!r} ({count:,})" for key, count in self._counted(self.left_out & (self.counts > 0))]
        if cells:
            yield f"Column {source!r}: left out, as its values say: {_listed(cells)}"
        # A word that is to be left out may well be missing today; one that stands for another is perhaps misspelt.
        used = {key.removesuffix(MIDNIGHT) for key, _ in self._counted(self.counts > 0)}
        unused = [key.removesuffix(MIDNIGHT) for key, _ in self._counted(~self.left_out & (self.counts == 0))]
        named = [repr(key) for key in dict.fromkeys(unused) if key not in used]
        if named:
            yield f"Column {source!r}: its values name what no cell holds: {_listed(named)}"

    def _counted(self, selected: Mask) -> Iterator[tuple[str, int]]:
        counts = self.counts.tolist() if self.counts is not None else []
        return ((self.keys[place], counts[place]) for place in np.flatnonzero(selected).tolist())


def read_declared_cells(source: str, rule: CellRule, validate: Validate) -> DeclaredCells | None:
    """Return what the mapping declares for the cells of a column; ``None`` when it declares nothing.

    :param source: the column.
    :param rule: how it is read.
    :param validate: validates a value as the column's cells are.
    :raises MappingError: when the field does not accept a value that the mapping declares.
    """
    if (rule.values is None and rule.default is None) or rule.problem is not None:
        return None
    replacements = {} if rule.values is None else rule.values.replacements
    texts: list[str | None] = []
    undecided = np.zeros(len(replacements), np.bool_)
    for place, (key, value) in enumerate(replacements.items()):
        if value is None:
            texts.append(None)
            continue
        result = validate([value] if rule.holds_lists else value)
        _check(result, f"column {source!r}: values maps {key!r} to {value!r}", rule)
        undecided[place] = result is None or (rule.holds_lists and rule.separator in str(value))
        known = None if result is None or undecided[place] else result.value
        texts.append(str(value) if rule.holds_lists and known is not None else _to_json(known))
    default = None
    if rule.default is not None:
        result = validate(rule.default)
        _check(result, f"column {source!r}: default={rule.default!r}", rule)
        if result is None:
            raise MappingError(f"column {source!r}: default={rule.default!r} would not be valid in every row")
        default = _to_json(result.value)
    left_out = np.array([value is None for value in replacements.values()], np.bool_)
    return DeclaredCells(tuple(replacements), left_out, texts, undecided, default)


def _check(result: CellResult | None, declared: str, rule: CellRule) -> None:
    if result is not None and result.issue_key is not None:
        (reason, _, _) = result.issue_key[1]
        raise MappingError(f"{declared}, which {rule.key} does not accept: {reason}")


def _to_json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _listed(words: Sequence[str]) -> str:
    listed, more = ", ".join(words[:_MAX_LISTED]), len(words) - _MAX_LISTED
    return f"{listed} and {more} more" if more > 0 else listed
