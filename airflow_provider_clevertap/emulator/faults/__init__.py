"""Faults on demand: the rules of when one happens, which of them are active, and the responses they make."""
