"""The outcome of each row, and the summary of a load."""
