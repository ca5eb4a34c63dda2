"""Export profiles as one snapshot."""
