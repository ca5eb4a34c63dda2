"""How hypothesis runs in the suite: few examples, the same each time, in any time they need.

A run of the suite is to say whether a change is good, not to find by chance what nobody has changed. More examples, and
new ones each time, are looked for by ``make fuzz`` and where ``EXAMPLES_TIMES`` says how many times as many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))

settings.register_profile(
    "suite",
    max_examples=100 * TIMES,
    derandomize=TIMES == 1,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


def examples(count: int) -> settings:
    """Ask for a number of examples other than the usual one."""
    return settings(max_examples=count * TIMES)
