"""Readers of files, DataFrames and query results. Each returns the rows in blocks."""
