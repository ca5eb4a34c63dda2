"""How fast a load is, next to the scripts people write for it: ``python -m benchmarks``."""
