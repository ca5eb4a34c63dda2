"""Operations on properties: as column options, and as objects in nested sources."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column, ColumnType, Operator
from tests.support.validated import accepted, issue_of, validate, validate_cell

POINTS = "Points"


@pytest.mark.parametrize(
    ("operator", "cell", "operand"),
    [
        ("$set", "a,b", ["a", "b"]),
        ("$set", ["a", "b"], ["a", "b"]),
        ("$add", "a", ["a"]),
        ("$add", "a, b, a", ["a", "b"]),
        ("$remove", ["a"], ["a"]),
        ("$incr", "10", 10),
        ("$incr", 10, 10),
        ("$incr", "2.5", 2.5),
        ("$decr", 30, 30),
        ("$decr", "-1", -1),
        ("$delete", "yes", 1),
        ("$delete", True, 1),
        ("$delete", "1", 1),
    ],
)
def test_a_column_with_an_operator(operator: Operator, cell: Any, operand: Any) -> None:
    assert accepted(cell, Column(POINTS, operator=operator)) == {POINTS: {operator: operand}}


@pytest.mark.parametrize("cell", [None, "", "  "])
@pytest.mark.parametrize("operator", ["$set", "$add", "$incr", "$delete"])
def test_an_empty_cell_does_nothing(operator: Operator, cell: Any) -> None:
    assert accepted(cell, Column(POINTS, operator=operator)) == {}


def test_delete_leaves_the_property_alone_where_the_cell_says_no() -> None:
    assert accepted("no", Column(POINTS, operator="$delete")) == {}


@pytest.mark.parametrize(
    ("operator", "cell"),
    [
        ("$incr", "ten"),
        ("$incr", True),
        ("$incr", ["1"]),
        ("$incr", float("inf")),
        ("$add", 5),
        ("$add", "[a]"),
        ("$set", {"$set": ["a"]}),
        ("$delete", "perhaps"),
        pytest.param("$incr", 10**400, id="401 digits"),
    ],
)
def test_cells_an_operator_cannot_work_with(operator: Operator, cell: Any) -> None:
    issue_of(cell, Column(POINTS, operator=operator))


@pytest.mark.parametrize(
    ("cell", "operation"),
    [
        ({"$incr": 5}, {"$incr": 5}),
        ({"$incr": "5"}, {"$incr": 5}),
        ({"$decr": 1.5}, {"$decr": 1.5}),
        ({"$add": ["a", "b"]}, {"$add": ["a", "b"]}),
        ({"$add": ["New York, NY"]}, {"$add": ["New York, NY"]}),
        ({"$set": ["a", 5, None]}, {"$set": ["a", "5"]}),
        ({"$remove": ["a"]}, {"$remove": ["a"]}),
        ({"$delete": 1}, {"$delete": 1}),
        ({"$delete": True}, {"$delete": 1}),
    ],
)
@pytest.mark.parametrize("declared", [None, "integer", "list", "date"])
def test_an_object_can_be_an_operation(cell: Any, operation: Any, declared: ColumnType | None) -> None:
    assert accepted(cell, Column(POINTS, type=declared)) == {POINTS: operation}


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ({"$incr": 1, "$decr": 1}, "one operator at a time"),
        ({"$nothing": 1}, "use $add, $decr, $delete, $incr, $remove, $set"),
        ({"$add": "New York, NY"}, "$add needs a list"),
        ({"$add": 5}, "list"),
        ({"$add": []}, "no items"),
        ({"$incr": "ten"}, "not a number"),
        ({"$incr": {"$incr": 1}}, "not a number"),
        ({"$delete": 0}, "$delete needs the value 1"),
        ({"$delete": "1"}, "$delete needs the value 1"),
        ({"$delete": None}, "$delete needs the value 1"),
    ],
)
def test_objects_that_are_no_operation(cell: Any, says: str) -> None:
    assert says in issue_of(cell, POINTS)[1]


def test_an_empty_cell_can_remove_the_property() -> None:
    column = Column(POINTS, empty="delete")
    assert accepted("", column) == {POINTS: {"$delete": 1}}
    assert accepted("5", column) == {POINTS: "5"}


def test_a_row_with_nothing_in_it_removes_nothing() -> None:
    result = validate({"id": None, "points": ""}, {"id": Column("identity"), "points": Column(POINTS, empty="delete")})
    assert result.empty
    assert result.record is None


@pytest.mark.parametrize(
    ("cell", "repeatable"),
    [
        ("plain", True),
        ({"$set": ["a"]}, True),
        ({"$delete": 1}, True),
        ({"$incr": 1}, False),
        ({"$decr": 1}, False),
        ({"$add": ["a"]}, False),
        ({"$remove": ["a"]}, False),
    ],
)
def test_only_what_has_the_same_effect_twice_may_be_sent_twice(cell: Any, repeatable: bool) -> None:
    assert validate_cell(cell, POINTS).repeatable is repeatable
