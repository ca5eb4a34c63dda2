from __future__ import annotations

from tests.support import examples_of_properties  # noqa: F401 - sets how hypothesis runs
