"""How hypothesis runs in the suite: few examples, the same each time, without a time limit.

A run of the suite checks a change; it should not fail by chance for code that has not changed. ``make fuzz`` and the
environment variable ``EXAMPLES_TIMES``, a multiple, run more examples, and new ones each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))

if TIMES == 1:
    # Hypothesis also draws constants that it finds in the modules imported so far. Which these are depends on the tests
    # that have run before in the same process.
    providers._get_local_constants = lambda: providers._local_constants

settings.register_profile(
    "suite",
    max_examples=100 * TIMES,
    derandomize=TIMES == 1,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


def examples(count: int) -> settings:
    """Return settings with another number of examples."""
    return settings(max_examples=count * TIMES)
