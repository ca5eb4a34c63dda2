"""A simple reference for orders: line by line, with the whole source in memory, and by the models alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA, read_event_property
from airflow_provider_clevertap.records.models.items import ITEM_SCHEMA
from airflow_provider_clevertap.records.record_validation import RecordValidator
from airflow_provider_clevertap.records.values import is_empty

#: A file: its rows, and the indexes of those the source could not read.
File = tuple[list[dict[str, Any]], set[int]]
Where = tuple[int, int]


class PlainOrders:
    """Validates order lines in the simplest way.

    After :meth:`validate`, ``outcomes`` has the outcome of each row by file and index, and ``records`` each record by
    the file and index of its first line.
    """

    def __init__(
        self,
        kind: RecordKind,
        choices: Mapping[str, Column | None],
        names: Sequence[str],
        *,
        on_bad_value: Any = "reject",
        max_lines: int = 256,
    ) -> None:
        assert kind.lines is not None
        self.group_by = kind.lines.group_by
        self.max_lines = max_lines
        of_order = [name for name in names if name not in kind.lines.items]
        self.columns = plan_columns(of_order, choices, schema=EVENT_SCHEMA, constants=kind.constants)
        self.items = plan_columns(names, kind.lines.items, schema=ITEM_SCHEMA, unmapped="ignore", fixed=False)
        self.of_order = of_order
        self.validator = RecordValidator(
            EVENT_SCHEMA,
            [column.rule for column in self.columns],
            constants=kind.constants,
            settings=kind.settings,
            on_bad_value=on_bad_value,
        )
        self.outcomes: dict[Where, Outcome] = {}
        self.records: dict[Where, Any] = {}
        self.dropped: set[Where] = set()

    def validate(self, files: Sequence[File]) -> None:
        orders = [self._orders_of(number, *file) for number, file in enumerate(files)]
        filled = [found for found, (rows, _) in zip(orders, files, strict=True) if rows]
        for earlier, later in pairwise(filled):
            if earlier and later and earlier[-1][0] == later[0][0]:
                earlier[-1][2][:] = later[0][2][:] = ["spread"]
        known: set[str] = set()
        for number, found in enumerate(orders):
            for key, places, problems in found:
                if key in known:
                    problems.append("not contiguous")
                known.add(key)
                self._validate_order(number, files[number][0], places, problems)

    def _orders_of(self, number: int, rows: list[dict[str, Any]], unreadable: set[int]) -> list[Any]:
        """Return each order's id, the indexes of its lines, and its problems so far."""
        in_order = [
            (self._key(row), place) for place, row in enumerate(rows) if place not in unreadable and self._key(row)
        ]
        orders = [
            (key, [place for _, place in lines], list[str]()) for key, lines in groupby(in_order, lambda line: line[0])
        ]
        for place, row in enumerate(rows):
            if place not in unreadable and self._key(row):
                continue
            blank = place not in unreadable and all(is_empty(cell) for cell in row.values())
            self.outcomes[number, place] = Outcome.SKIPPED if blank else Outcome.INVALID
            around = [order for order in orders if order[1][0] < place < order[1][-1]]
            before = [order for order in orders if order[1][-1] < place][-1:]
            after = [order for order in orders if order[1][0] > place][:1]
            beside = [order for order in (*before, *after) if self._key(row) and order[0] == self._key(row)][:1]
            for order in around or beside:
                order[2].extend([] if blank else ["an invalid line"])
        for order in orders:
            if len(order[1]) > self.max_lines:
                order[2].append("too long")
        return orders

    def _key(self, row: dict[str, Any]) -> str | None:
        cell = row.get(self.group_by)
        return None if is_empty(cell) else str(cell)

    def _validate_order(self, number: int, rows: list[dict[str, Any]], places: list[int], problems: list[str]) -> None:
        lines = [rows[place] for place in places]
        order: dict[str, Any] = {}
        for name in self.of_order:
            values = [line.get(name) for line in lines if not is_empty(line.get(name))]
            order[name] = values[0] if values else None
            if any(type(value) is not type(values[0]) or value != values[0] for value in values):
                problems.append("disagree")
        items, left_out = self._items(lines)
        cells = [order[column.source] for column in self.columns]
        result = self.validator.validate(cells, {"Items": items} if items else {}, left_out)
        outcome = Outcome.INVALID
        if not problems and result.record is not None:
            outcome = Outcome.ACCEPTED
            self.records[number, places[0]] = result.record
            if result.issues:
                self.dropped.add((number, places[0]))
        elif not problems and result.empty:
            outcome = Outcome.SKIPPED
        self.outcomes.update({(number, place): outcome for place in places})

    def _items(self, lines: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[tuple[CellRule, Issue]]]:
        items: list[dict[str, Any]] = []
        issues: list[tuple[CellRule, Issue]] = []
        for line in lines:
            item = {}
            for column in self.items:
                cell = line.get(column.source)
                try:
                    if not is_empty(cell):
                        item[column.rule.key] = read_event_property(column.rule.read(cell))
                except Exception:
                    issues.append((column.rule, Issue("Items.x", None, "bad")))
            if item:
                items.append(item)
        return items, issues
