"""Calls that export events and profiles: cursors, their pages, counts, and the keys of a query."""
