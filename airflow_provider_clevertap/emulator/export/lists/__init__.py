"""Lists: names of events and properties, subscription groups, the report on messages."""
