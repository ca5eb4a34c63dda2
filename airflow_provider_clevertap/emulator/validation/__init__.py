"""Validation of uploads by CleverTap's documented rules, independent of the rules in the rest of the package."""
