"""Counts, trends, the most frequent values, and who is active now."""
