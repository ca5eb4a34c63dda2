"""Lists: the names that an account has, and the report on messages."""
