"""Encode rows as JSON records, and find the issues of invalid rows.

Columns that are known to be valid are converted as a whole (:mod:`.vectorized`). The pydantic models in ``records``
decide every other cell or row.
"""
