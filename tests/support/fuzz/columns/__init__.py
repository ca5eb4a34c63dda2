"""Columns of every type that Arrow, DataFrames and database drivers have, with values that break loaders.

An example is a source with one such column; ``load_in_every_role`` puts the column into each place that a column can
have in a load. No error of another library may come of it, every row must get an outcome, and whole columns must be
converted as single values are.
"""
