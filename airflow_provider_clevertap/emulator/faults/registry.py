"""The fault rules in force, and which of them strikes a request."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.faults.rules import Delay, ResponseFault, Rule, names_of


class Injection(msgspec.Struct):
    """What happens to one request.

    :param delay: seconds to wait first.
    :param ending: the request's fault, if any.
    """

    delay: float = 0.0
    ending: ResponseFault | None = None


class _ActiveRule:
    """A rule and how far it has got."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.matched = 0
        self.struck = 0
        self._random = random.Random(rule.seed)  # noqa: S311 - repeatable on purpose

    def strikes(self, path: str, body: bytes, is_upload: bool) -> bool:
        rule = self.rule
        is_spent = rule.times is not None and self.struck >= rule.times
        if is_spent or not path.startswith(rule.path) or (rule.is_upload_only and not is_upload):
            return False
        if not _is_body_meant(rule, body):
            return False
        self.matched += 1
        if self.matched <= rule.skip or (self.matched - rule.skip) % rule.every:
            return False
        if self._random.random() >= rule.probability:
            return False
        self.struck += 1
        return True


def _is_body_meant(rule: Rule, body: bytes) -> bool:
    if rule.larger_than is not None and len(body) <= rule.larger_than:
        return False
    if rule.identity is None and rule.more_than is None:
        return True
    try:
        records = msgspec.json.decode(body)["d"]
        if rule.more_than is not None and len(records) <= rule.more_than:
            return False
        return rule.identity is None or any(rule.identity in names_of(record) for record in records)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, RecursionError):
        return False


class FaultRegistry:
    """The rules in force. Used from the event loop only."""

    def __init__(self) -> None:
        self._armed: list[_ActiveRule] = []

    def add(self, rules: list[Rule]) -> None:
        """Put rules behind those in force."""
        self._armed += [_ActiveRule(rule) for rule in rules]

    def clear(self) -> None:
        """Drop all rules."""
        self._armed = []

    def strike(self, path: str, body: bytes, is_upload: bool) -> Injection:
        """Decide what happens to a request."""
        strike = Injection()
        for armed in self._armed:
            if armed.strikes(path, body, is_upload):
                if not isinstance(armed.rule, Delay):
                    strike.ending = armed.rule
                    break
                strike.delay += armed.rule.seconds
        return strike

    def listed(self) -> list[dict[str, Any]]:
        """Return the rules as they were asked for, each with how often it matched and struck."""
        return [
            {**msgspec.to_builtins(armed.rule), "matched": armed.matched, "struck": armed.struck}
            for armed in self._armed
        ]


def rules_from(body: bytes) -> list[Rule]:
    """Read a JSON list of rules.

    :raises msgspec.ValidationError: a rule is unknown, or a field of it.
    """
    return msgspec.json.decode(body, type=list[Rule])
