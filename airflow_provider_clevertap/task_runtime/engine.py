"""Import the load engine. Its libraries may be installed in versions that do not work together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_clevertap.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_clevertap.task_runtime.task_load import TaskLoad


def task_load_class() -> type[TaskLoad]:
    """Return the class that runs a load.

    :raises ConfigurationError: when a library cannot be imported: a retry would not find others. An Arrow that needs
        NumPy 2 beside an older NumPy is the known case: pyarrow does not name NumPy as a requirement.
    """
    try:
        from airflow_provider_clevertap.task_runtime.task_load import TaskLoad
    except ImportError as error:
        raise ConfigurationError(
            f"A library that a load needs cannot be imported: {error}. Install versions that go together, such as "
            "those in the constraints file of this Airflow."
        ) from None
    return TaskLoad
