"""Calls that read data: one loop that repeats them, how their answers are read, and the client's methods."""
