"""Counts, trends and the most frequent values: what is asked, how it is asked for, and what the answers mean."""
