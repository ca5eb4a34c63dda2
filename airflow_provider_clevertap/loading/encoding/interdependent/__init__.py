"""Fields whose validity depends on another field of the same record."""
