"""The files that a load writes for people: the rejects file and the report."""
