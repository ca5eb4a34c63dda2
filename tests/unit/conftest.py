from __future__ import annotations

import pytest

from tests.support import examples_of_properties  # noqa: F401 - sets how hypothesis runs

pytest.register_assert_rewrite("tests.support.agreement")
