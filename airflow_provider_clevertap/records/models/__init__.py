"""The pydantic models of CleverTap's records: profiles, events with their items, and device tokens."""
