"""Turn the users' choices for columns into a plan: one rule for each column of the source."""
