"""All pictures of the documentation were taken, by the tests of the modules before this one."""

from __future__ import annotations

import pytest

from tests.system.browser import screenshots

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_every_screenshot_of_the_documentation_was_taken(directory: object) -> None:
    assert sorted(path.stem for path in screenshots.DIRECTORY.glob("*.png")) == sorted(screenshots.NAMES)
