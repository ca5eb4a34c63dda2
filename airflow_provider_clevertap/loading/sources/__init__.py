"""Readers of files, DataFrames and query results: each gives blocks of rows."""
