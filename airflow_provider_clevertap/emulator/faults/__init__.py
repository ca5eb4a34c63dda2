"""Faults on demand: the rules, the choice of a rule for each request, and the responses with faults."""
