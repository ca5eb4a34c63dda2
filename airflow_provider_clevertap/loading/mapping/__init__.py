"""What users say of columns becomes a plan: one rule for each column of the source."""
