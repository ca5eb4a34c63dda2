"""Operations on a property, such as ``{"$incr": 10}``: their operands, and whether sending them twice is harmless.

https://developer.clevertap.com/docs/upload-user-profiles-api
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.values import read_float, read_list

LIST_OPERATORS: Final = frozenset({"$set", "$add", "$remove"})
NUMBER_OPERATORS: Final = frozenset({"$incr", "$decr"})
DELETE: Final = "$delete"
OPERATORS: Final = LIST_OPERATORS | NUMBER_OPERATORS | {DELETE}

#: Operators with another effect when sent twice: a second ``$incr`` increments again, and a second ``$add`` or
#: ``$remove`` may undo what another program changed in between.
NOT_REPEATABLE: Final = NUMBER_OPERATORS | {"$add", "$remove"}


def is_operation(value: Mapping[Any, Any]) -> bool:
    """Return whether an object is meant as an operation: all its keys start with ``$``."""
    return bool(value) and all(isinstance(key, str) and key.startswith("$") for key in value)


def read_operation(value: Mapping[str, Any], allowed: frozenset[str] = OPERATORS) -> dict[str, Any]:
    """Read an object with exactly one operator and its operand.

    :param allowed: the operators the property allows.
    """
    if len(value) != 1:
        raise issue("a property allows one operator at a time")
    ((operator, operand),) = value.items()
    if operator not in allowed:
        raise issue(f"this property does not allow the operator: use {', '.join(sorted(allowed))}")
    # The separator of items in a text is unknown here, so text is not split.
    if operator in LIST_OPERATORS and isinstance(operand, str):
        raise issue(f"{operator} needs a list")
    return {operator: read_operand(operator, operand, ",")}


def read_operand(operator: str, operand: Any, separator: str) -> Any:
    """Read the operand of an operator."""
    if operator in LIST_OPERATORS:
        return read_list(operand, separator)
    if operator in NUMBER_OPERATORS:
        return read_float(operand)
    if operator == DELETE:
        # The documented form allows only the literal 1.
        if not isinstance(operand, int | float) or operand != 1:
            raise issue("$delete needs the value 1")
        return 1
    raise issue(f"not an operator: use {', '.join(sorted(OPERATORS))}")


def is_repeatable(properties: Mapping[str, Any]) -> bool:
    """Return whether sending these properties twice has the same effect as sending them once."""
    operations = [value for value in properties.values() if isinstance(value, dict)]
    return all(NOT_REPEATABLE.isdisjoint(operation) for operation in operations)
