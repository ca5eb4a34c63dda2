"""Run the package on random and hostile input, a million times or as often as asked.

    python -m scripts.fuzz [EXECUTIONS] [TARGET ...]

The inputs and what must hold are in tests/support/fuzz. A failure is shown as the smallest input that causes it, and a
run that hangs ends with a traceback.
"""

from __future__ import annotations

import faulthandler
import math
import resource
import sys
import time
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.support.fuzz.targets import TARGETS

#: seconds for one example; the slowest takes a hundredth of one
MAX_SECONDS = 60


def fuzz(target: Any, executions: int) -> tuple[int, int, float]:
    """Run a target; return the number of executions and examples, and the seconds of the slowest example."""
    run = rounds = examples = 0
    slowest = 0.0
    while run < executions:
        rounds += 1

        @seed(rounds)
        @settings(
            max_examples=target.round,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def run_example(data: st.DataObject) -> None:
            nonlocal run, examples, slowest
            example = data.draw(target.examples)
            faulthandler.dump_traceback_later(MAX_SECONDS, exit=True)
            started = time.process_time()
            run += target.run(example)
            slowest = max(slowest, time.process_time() - started)
            faulthandler.cancel_dump_traceback_later()
            examples += 1

        before = run
        run_example()
        if run - before < target.round // 10:
            break  # hypothesis finds no new examples
    return run, examples, slowest


def main() -> None:
    executions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    names = sys.argv[2:] or list(TARGETS)
    print(f"{'target':12} {'examples':>10} {'executions':>11} {'seconds':>8} {'slowest ms':>11} {'peak MB':>8}")
    total = 0
    shares = sum(TARGETS[name].share for name in names)
    for name in names:
        started = time.monotonic()
        run, examples, slowest = fuzz(TARGETS[name], math.ceil(executions * TARGETS[name].share / shares))
        total += run
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        seconds = time.monotonic() - started
        print(f"{name:12} {examples:10,} {run:11,} {seconds:8.0f} {slowest * 1000:11.1f} {peak:8,}", flush=True)
    print(f"{total:,} executions, no crash, no hang")


if __name__ == "__main__":
    main()
