"""Rows become JSON records, or issues where a row breaks a rule.

Columns that are known to be valid are converted whole (:mod:`.vectorized`); every other cell or row goes through the
models in ``records``, which decide.
"""
