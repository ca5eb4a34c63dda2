"""Benchmarks of loads, compared with scripts that people write instead: ``python -m benchmarks``."""
