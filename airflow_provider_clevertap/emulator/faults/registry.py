"""The fault rules in force, and which of them apply to a request."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.faults.conditions import FaultTarget, has_identifier
from airflow_provider_clevertap.emulator.faults.rules import Delay, ResponseFault, Rule
from airflow_provider_clevertap.emulator.kinds import kind_of


class Injection(msgspec.Struct):
    """The faults of one request.

    :param delay: seconds to wait first.
    :param fault: what goes wrong with the answer, if anything.
    """

    delay: float = 0.0
    fault: ResponseFault | None = None


class _ActiveRule:
    """A rule, the number of requests that met its conditions, and of those it was applied to."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.matched = 0
        self.struck = 0
        self._random = random.Random(rule.seed)  # noqa: S311 - repeatable on purpose

    def applies(self, target: FaultTarget) -> bool:
        """Return whether the rule applies to a request, and count it."""
        if not self._matches(target):
            return False
        self.matched += 1
        if self.matched <= self.rule.skip or (self.matched - self.rule.skip) % self.rule.every:
            return False
        if self._random.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True

    def _matches(self, target: FaultTarget) -> bool:
        rule = self.rule
        if rule.times is not None and self.struck >= rule.times:
            return False
        if not target.path.startswith(rule.path) or rule.method not in (None, target.method):
            return False
        if (rule.is_for_records and not target.has_records) or (rule.is_for_pages and not target.has_cursor):
            return False
        return _matches_body(rule, target.path, target.body)


def _matches_body(rule: Rule, path: str, body: bytes) -> bool:
    if rule.larger_than is not None and len(body) <= rule.larger_than:
        return False
    if rule.kind is None and rule.identity is None and rule.more_than is None:
        return True
    try:
        records = msgspec.json.decode(body)["d"]
        if rule.more_than is not None and len(records) <= rule.more_than:
            return False
        if rule.kind is not None and not any(kind_of(path, record) == rule.kind for record in records):
            return False
        return rule.identity is None or any(has_identifier(record, rule.identity) for record in records)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, RecursionError):
        return False


class FaultRegistry:
    """The rules in force. Used from the event loop only."""

    def __init__(self) -> None:
        self._rules: list[_ActiveRule] = []

    def add(self, rules: list[Rule]) -> None:
        """Add rules after those in force."""
        self._rules += [_ActiveRule(rule) for rule in rules]

    def clear(self) -> None:
        """Remove all rules."""
        self._rules = []

    def inject(self, target: FaultTarget) -> Injection:
        """Return the faults of a request, and count it."""
        injection = Injection()
        for active in self._rules:
            if active.applies(target):
                if not isinstance(active.rule, Delay):
                    injection.fault = active.rule
                    break
                injection.delay += active.rule.seconds
        return injection

    def to_builtins(self) -> list[dict[str, Any]]:
        """Return the rules as JSON objects, with how often each matched and was applied (``struck``)."""
        return [
            {**msgspec.to_builtins(active.rule), "matched": active.matched, "struck": active.struck}
            for active in self._rules
        ]


def read_rules(body: bytes) -> list[Rule]:
    """Return the rules of a JSON list.

    :raises msgspec.ValidationError: a rule or one of its fields is unknown, or a value does not fit.
    """
    return msgspec.json.decode(body, type=list[Rule])
