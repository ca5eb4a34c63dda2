"""Operations on a property, such as ``{"$incr": 10}``: what each takes and whether it may be repeated.

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

#: Sent twice, these do something else than sent once: a second ``$incr`` adds again, and ``$add`` or ``$remove``
#: may undo what another program changed in between.
NOT_REPEATABLE: Final = NUMBER_OPERATORS | {"$add", "$remove"}


def is_operation(value: Mapping[Any, Any]) -> bool:
    """Tell whether an object is meant as an operation: all its keys start with ``$``."""
    return bool(value) and all(isinstance(key, str) and key.startswith("$") for key in value)


def read_operation(value: Mapping[str, Any], allowed: frozenset[str] = OPERATORS) -> dict[str, Any]:
    """Read an object with exactly one operator and its operand.

    :param allowed: the operators that make sense for the property.
    """
    if len(value) != 1:
        raise issue("one property can take one operator at a time")
    ((operator, operand),) = value.items()
    if operator not in allowed:
        raise issue(f"not an operator this property takes: use {', '.join(sorted(allowed))}")
    # Nothing says what would separate items here, so text is not taken apart.
    if operator in LIST_OPERATORS and isinstance(operand, str):
        raise issue(f"{operator} takes a list")
    return {operator: read_operand(operator, operand, ",")}


def read_operand(operator: str, operand: Any, separator: str) -> Any:
    """Read what an operator works with."""
    if operator in LIST_OPERATORS:
        return read_list(operand, separator)
    if operator in NUMBER_OPERATORS:
        return read_float(operand)
    if operator == DELETE:
        # The documented form is the literal 1 and nothing else.
        if not isinstance(operand, int | float) or operand != 1:
            raise issue("$delete takes 1")
        return 1
    raise issue(f"not an operator: use {', '.join(sorted(OPERATORS))}")


def is_repeatable(properties: Mapping[str, Any]) -> bool:
    """Tell whether setting these properties twice has the effect of setting them once."""
    operations = [value for value in properties.values() if isinstance(value, dict)]
    return all(NOT_REPEATABLE.isdisjoint(operation) for operation in operations)
